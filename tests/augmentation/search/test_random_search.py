"""Random search: every policy with equal chance, whatever the rewards, one seed one sequence."""

import numpy as np

from kerasbook.augmentation.search import PolicySpace, RandomSearch

SPACE = PolicySpace(("rotate", "invert"), 1, 1, num_probabilities=2, num_levels=2)


def policies(search, reward, count):
    found = []
    for _ in range(count):
        (candidate,) = search.ask()
        search.tell(candidate, reward(candidate))
        found.append(candidate.policy)
    return found


def test_all_have_equal_chance_whatever_their_rewards():
    # Four rotations; two inversions, each by two levels of tokens.
    found = policies(RandomSearch(SPACE, seed=3), lambda c: c.number, 800)
    counts = np.unique([str(policy) for policy in found], return_counts=True)[1]
    assert sorted(counts)[:4] == sorted(counts[counts < 150])
    expected = np.array([100] * 4 + [200] * 2)
    assert ((np.sort(counts) - expected) ** 2 / expected).sum() < 20.5  # 5 degrees, 0.1 %


def test_one_seed_one_sequence():
    first = policies(RandomSearch(seed=1), lambda c: 0.5, 5)
    assert policies(RandomSearch(seed=1), lambda c: c.number, 5) == first
    assert [c.policy for c in RandomSearch(seed=1).ask(5)] == first
    assert policies(RandomSearch(seed=2), lambda c: 0.5, 5) != first
