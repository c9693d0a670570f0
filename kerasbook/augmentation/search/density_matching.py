"""Density matching: the search of Fast AutoAugment, a search of its own in each fold."""

from typing import Any

import numpy as np

from kerasbook.arguments import one_of, positive_integer
from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.augmentation.search.bayesian_search import BayesianSearch
from kerasbook.augmentation.search.random_search import RandomSearch
from kerasbook.augmentation.search.search import Proposal, Search, Trial
from kerasbook.augmentation.search.space import PolicySpace

SOURCES = ("bayes", "random")


class DensityMatching(Search):
    """Proposes policies for folds of the training data, which judge them in turn.

    It serves so: part the training data in `folds`, and for each fold train a model without a
    policy on the others (of one fold: on a part of the data). A candidate's reward is the
    `DensityScore` of its fold's model on its fold's images: it costs some predictions and no
    training, and is greatest where augmented images look to the model like those it was trained
    on. At last train anew with what was `found`.

    Candidate `n` belongs to the fold `n % folds` (its `fold`), and comes from a search that knows
    the rewards of this fold alone, since those of different models cannot be compared.

    Args:
        space: `PolicySpace`, its dictionary, or `None` for AutoAugment's.
        seed: Integer seed of what is proposed, at least 0.
        folds: Number of folds.
        source: Where candidates come from: `"bayes"`, a `BayesianSearch` for each fold, or
            `"random"`, a `RandomSearch`.
        num_random: As in `BayesianSearch`, in each fold.

    Raises:
        ImportError: If `source` is `"bayes"` and Optuna is not installed.
        ValueError: If an argument is not as described.

    Example:
        >>> search = kerasbook.augmentation.search.DensityMatching(folds=2, source="random")
        >>> for candidate in search.ask(4):
        ...     search.tell(candidate, reward=-1.0 - candidate.number)
        >>> [candidate.fold for candidate in search.ask(2)]
        [0, 1]
        >>> len(search.found(num_best=1).policy)  # five sub-policies of each fold's best
        10

    Reference:
        Lim et al., 2019, section 3, https://arxiv.org/abs/1905.00397. There are 5 folds with a
        model for each, which is trained on a part of its fold and judges on the rest, in 2 rounds
        of 200 candidates of TPE, and the best 10 of each round are joined; here a fold has one
        round, and which images train and which judge is the caller's.
    """

    def __init__(
        self,
        space: PolicySpace | dict[str, Any] | None = None,
        *,
        seed: int = 0,
        folds: int = 2,
        source: str = "bayes",
        num_random: int = 10,
    ) -> None:
        super().__init__(space, seed=seed)
        self.folds = positive_integer("folds", folds)
        self.source = one_of("source", source, SOURCES)
        self.num_random = positive_integer("num_random", num_random)
        self._sources = [self._source_of(fold) for fold in range(folds)]

    def _source_of(self, fold: int) -> Search:
        seed = int(np.random.SeedSequence([self.seed, fold]).generate_state(1)[0])
        if self.source == "random":
            return RandomSearch(self.space, seed=seed)
        return BayesianSearch(self.space, seed=seed, num_random=self.num_random)

    def _propose(self, number: int) -> Proposal:
        fold = number % self.folds
        source = self._sources[fold]
        source._draw()
        return Proposal(source.trials[-1].tokens, fold=fold)

    def _learn(self, trial: Trial) -> None:
        place, fold = divmod(trial.candidate.number, self.folds)
        source = self._sources[fold]
        source._record(source.trials[place], trial.reward)

    def _replay(self, rows: list[dict[str, Any]]) -> None:
        policies = [row.get("policy") for row in rows if isinstance(row, dict)]
        for fold, source in enumerate(self._sources):
            if isinstance(source, BayesianSearch):
                source.recall(policies[fold :: self.folds])
        super()._replay(rows)

    def ranked(self) -> list[Trial]:
        """Returns the complete trials, the best first.

        Rewards are compared by how many of their fold's standard deviations they lie above their
        fold's mean.
        """
        complete = super().ranked()
        standings = {}
        for fold in range(self.folds):
            trials = [trial for trial in complete if trial.candidate.fold == fold]
            rewards = [trial.reward for trial in trials]
            deviation = np.std(rewards) if len(set(rewards)) > 1 else 1.0
            for trial in trials:
                standings[id(trial)] = (trial.reward - np.mean(rewards)) / deviation
        return sorted(complete, key=lambda trial: -standings[id(trial)])

    def found(self, num_best: int = 5, **arguments: Any) -> Augmentation:
        """Returns the augmentation that the search has found so far.

        Args:
            num_best: Number of policies of each fold whose sub-policies are joined.
            **arguments: Further arguments of `AutoAugment`, such as `value_range`.

        Raises:
            ValueError: If no trial is complete.
        """
        self._require_complete()
        positive_integer("num_best", num_best)
        ranked = self.ranked()
        chosen = [
            trial
            for fold in range(self.folds)
            for trial in [t for t in ranked if t.candidate.fold == fold][:num_best]
        ]
        return self._joined(chosen, arguments)
