"""Search for an augmentation policy: ask for candidates, tell their rewards, keep the best."""

from kerasbook.lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "BayesianSearch": "bayesian_search",
        "Candidate": "search",
        "CandidatePolicy": "candidate_policy",
        "DensityMatching": "density_matching",
        "DensityScore": "density_score",
        "PolicySpace": "space",
        "PopulationBasedAugmentation": "population_based_augmentation",
        "Proposal": "search",
        "RandomSearch": "random_search",
        "ReinforceController": "reinforce_controller",
        "Search": "search",
        "SearchFailed": "search",
        "Trial": "search",
    },
)
