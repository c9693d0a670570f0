"""A policy in variables: a new candidate is an assignment, nothing is traced again."""

import keras
import numpy as np
from keras import ops

from kerasbook.augmentation.auto_augment import AutoAugment
from kerasbook.augmentation.search.search import Candidate
from kerasbook.augmentation.search.space import space_of


@keras.saving.register_keras_serializable(package="kerasbook")
class CandidatePolicy(AutoAugment):
    """Carries out the policy that was last assigned to it, as `AutoAugment` does.

    Operations, probabilities and levels are variables. What is compiled around the layer, a model
    or an input pipeline, sees another policy at once. Until one is assigned, images stay as they
    are. A pipeline must not `cache` what it augmented.

    Args:
        space: `PolicySpace` of the policies, its dictionary, or `None` for AutoAugment's.
        ranges: As in `AutoAugment`.
        **kwargs: As in `RandAugment`: `value_range`, `fill_value`, `seed` and so on.

    Call arguments:
        inputs: As in `RandAugment`.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If `space` is none.

    Example:
        >>> layer = kerasbook.augmentation.search.CandidatePolicy()
        >>> layer.assign([[{"operation": "invert", "probability": 1.0, "level": None}]])
        >>> int(layer(np.zeros((2, 32, 32, 3), "uint8"), training=True)[0, 0, 0, 0])
        255

    Reference:
        Cubuk et al., 2019, https://arxiv.org/abs/1805.09501
    """

    def __init__(self, space=None, *, ranges=None, **kwargs):
        space = space_of(space)
        unused = space.policy_of(np.zeros(space.shape, int))
        super().__init__(unused, greatest_level=space.greatest_level, ranges=ranges, **kwargs)
        self.space = space
        self.operations = space.operations
        weights = {"trainable": False, "initializer": "zeros", "autocast": False}
        shape = space.shape[:2]
        # Floats, since integer variables stay on the CPU, where compiled code of a GPU cannot read.
        self.which = self.add_weight(name="operation", shape=shape, dtype="float32", **weights)
        self.rates = self.add_weight(name="probability", shape=shape, dtype="float32", **weights)
        self.levels = self.add_weight(name="level", shape=shape, dtype="float32", **weights)

    @property
    def tables(self):
        return [ops.cast(self.which.value, "int32"), self.rates.value, self.levels.value]

    def assign(self, policy):
        """Takes on a policy of the space.

        Args:
            policy: A `Candidate`, or a list of sub-policies as in `AutoAugment`. One with fewer
                sub-policies than the space has repeats them; their number must be a divisor.

        Raises:
            ValueError: If an operation is not of the space, a number is outside its interval, or
                there are other numbers of sub-policies and operations.
        """
        policy = policy.policy if isinstance(policy, Candidate) else policy
        tables = self.tables_of(policy, self.space.greatest_level)
        count = len(tables[0])
        if self.space.num_sub_policies % count or tables[0].shape[1] > self.num_steps:
            raise ValueError(
                f"`policy` must have {self.space.num_sub_policies} sub-policies, or a divisor of "
                f"that, of {self.num_steps} operations at most. "
                f"Received: {count} of {tables[0].shape[1]}"
            )
        times = self.space.num_sub_policies // count
        variables = (self.which, self.rates, self.levels)
        for variable, table, value in zip(
            variables, tables, (len(self.operations), 0, 0), strict=True
        ):
            wide = ((0, 0), (0, self.num_steps - table.shape[1]))
            variable.assign(np.tile(np.pad(table, wide, constant_values=value), (times, 1)))

    def get_config(self):
        config = super().get_config()
        config = {k: v for k, v in config.items() if k not in ("policy", "greatest_level")}
        return {**config, "space": self.space.to_json()}
