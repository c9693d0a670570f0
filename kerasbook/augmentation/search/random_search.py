"""Random search: every policy with equal chance, the baseline of every table."""

import numpy as np

from kerasbook.augmentation.search.search import Proposal, Search


class RandomSearch(Search):
    """Proposes policies at random, whatever their rewards.

    Args:
        space: `PolicySpace`, its dictionary, or `None` for AutoAugment's.
        seed: Integer seed of what is proposed, at least 0.

    Raises:
        ValueError: If an argument is not as described.

    Example:
        >>> search = kerasbook.augmentation.search.RandomSearch(seed=1)
        >>> (candidate,) = search.ask()
        >>> search.tell(candidate, reward=0.5)
        >>> search.best.candidate == candidate
        True

    Reference:
        Bergstra and Bengio, 2012, https://www.jmlr.org/papers/v13/bergstra12a.html
    """

    def _propose(self, number: int) -> Proposal:
        return Proposal(self.space.draw(np.random.default_rng([self.seed, number])))
