"""A planted schedule: what a population inherits and varies comes nearer to a known target."""

import numpy as np

from kerasbook.augmentation.search import (
    PolicySpace,
    PopulationBasedAugmentation,
    RandomSearch,
)

SPACE = PolicySpace(("rotate", "invert", "solarize", "color"), 2, 2)


def test_a_planted_reward_grows_over_the_generations_and_beats_random():
    """The levels' and probabilities' nearness to a target is what each generation adds."""
    target = np.random.default_rng(0).integers(0, SPACE.sizes, size=SPACE.shape)[..., 1:]

    def nearness(tokens):
        return 1 - np.abs(tokens[..., 1:] - target).mean() / 10

    better = []
    for seed in range(5):
        search = PopulationBasedAugmentation(SPACE, population=12, seed=seed)
        random = RandomSearch(SPACE, seed=seed)
        weights, means = {}, []
        for _ in range(15):
            values = []
            for candidate in search.ask(12):
                value = nearness(search.trials[candidate.number].tokens)
                weights[candidate.number] = weights.get(candidate.parent, 0) + value
                values.append(value)
                search.tell(candidate, weights[candidate.number])
            means.append(np.mean(values))
        for candidate in random.ask(180):
            random.tell(candidate, nearness(random.trials[candidate.number].tokens))
        rewards = [trial.reward for trial in random.ranked()]
        last = search._ranked_last()[0]
        better.append((np.mean(means[-3:]) - means[0], nearness(last.tokens), np.median(rewards)))
    gains, found, medians = np.array(better).T
    assert (gains > 0.05).all(), better
    assert (found > medians + 0.1).all(), better
