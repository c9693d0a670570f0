"""The base of the policies whose steps each draw one operation, all with equal chance."""

from keras import ops

from kerasbook.augmentation.image_augmentation import ImageAugmentation
from kerasbook.augmentation.levels import magnitude_of, operations_of, ranges_of, rate_of
from kerasbook.augmentation.program import Steps


class RandomOperations(ImageAugmentation):
    """Base of RandAugment and its relatives: in each step one operation of a list, at random.

    A subclass says how many steps there are, with which probability a step is taken
    (`rate`), and at which fraction of the greatest level (`strengths`).

    Args:
        operations: Names of the operations to draw from; `None` is `papers`.
        ranges: Dictionary from names of operations to `(low, high)`: magnitudes at the
            least and the greatest level, in the operation's unit, where they are not the
            operation's own; `None` is `papers_ranges`.
        **kwargs: As in `ImageAugmentation`.

    Attributes:
        papers: Names of the operations of the paper.
        papers_ranges: Its ranges, where they are not the operations' own.
    """

    papers, papers_ranges = (), None
    rate = 1.0

    def __init__(self, *, operations=None, ranges=None, **kwargs):
        super().__init__(**kwargs)
        self.operations = operations_of(self.papers if operations is None else operations)
        self.ranges = ranges_of(self.papers_ranges if ranges is None else ranges)
        for name in ranges or ():
            if name not in self.operations:
                raise ValueError(
                    f"`ranges` must name operations of the policy. Received: {name!r}, while "
                    f"operations={self.operations}"
                )

    def strengths(self, uniform):
        """Returns levels as fractions of the greatest, for uniform numbers in [0, 1)."""
        raise NotImplementedError

    @property
    def num_draws(self):
        return self.num_steps * (4 + self.num_chances)

    def plan(self, drawn, state):
        (strength,) = state
        drawn = ops.reshape(drawn, (-1, self.num_steps, 4 + self.num_chances))
        which = ops.cast(drawn[..., 0] * len(self.operations), "int32")
        level = strength * self.strengths(drawn[..., 2])
        magnitude = magnitude_of(which, level, drawn[..., 1], self.operations, self.ranges)
        taken = drawn[..., 3] < rate_of(which, self.rate, strength, self.operations)
        which = ops.where(taken, which, len(self.operations))
        return Steps(which, magnitude, drawn[..., 4:])

    def get_config(self):
        return {**super().get_config(), "operations": list(self.operations), "ranges": self.ranges}
