"""AutoAugment by a schedule: one policy after the other, each from its epoch on."""

import itertools

import keras
import numpy as np
from keras import ops

from kerasbook.arguments import natural_number
from kerasbook.augmentation.auto_augment import AutoAugment


@keras.saving.register_keras_serializable(package="kerasbook")
class ScheduledAutoAugment(AutoAugment):
    """Changes each image by one sub-policy of the policy that is in force in the epoch.

    In epoch e that is the policy of the greatest first epoch up to e. Its place comes with the
    draws, as the first number of each: that of policy k of n is `(k + 1/2) / n`.

    In the input pipeline the epoch is the one that `draw` and `augment` are given. As a layer of a
    model it is the one that `set_epoch` was last given, which a callback does at the beginning of
    an epoch; it is saved with the model, and 0 until then.

    Args:
        policies: List of policies, each a list of sub-policies as in `AutoAugment`.
        first_epochs: The epoch in which each of them begins, rising integers from 0.
        greatest_level: The level of greatest effect, a positive number; `None` is 10.
        ranges: As in `AutoAugment`.
        **kwargs: As in `RandAugment`: `value_range`, `fill_value`, `seed` and so on.

    Call arguments:
        inputs: As in `RandAugment`.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If there is no policy, not one first epoch for each, these do not rise from 0,
            or a policy is wrong as in `AutoAugment`.

    Example:
        >>> policies = [
        ...     [[{"operation": name, "probability": 1.0, "level": None}]]
        ...     for name in ("identity", "invert")
        ... ]
        >>> augment = kerasbook.augmentation.ScheduledAutoAugment(policies, [0, 20])
        >>> image = np.zeros((32, 48, 3), "uint8")
        >>> [int(augment.augment(image, seed=1, index=0, epoch=e).max()) for e in (0, 19, 20)]
        [0, 0, 255]

    Reference:
        Ho et al., 2019, https://arxiv.org/abs/1905.05393. There an image gets up to two
        operations of the epoch's policy, here one sub-policy, as in AutoAugment.
    """

    def __init__(self, policies, first_epochs, *, greatest_level=None, ranges=None, **kwargs):
        _require_schedule(policies, first_epochs)
        joined = [sub_policy for policy in policies for sub_policy in policy]
        super().__init__(joined, greatest_level=greatest_level, ranges=ranges, **kwargs)
        self.policies = policies
        self.first_epochs = list(first_epochs)
        self._counts = np.array([len(policy) for policy in policies], "int32")
        self._begins = np.cumsum(self._counts, dtype="int32") - self._counts
        # A float, since integer variables stay on the CPU, where code compiled for a GPU cannot
        # read them.
        self.epoch = self.add_weight(
            name="epoch", initializer="zeros", trainable=False, dtype="float32", autocast=False
        )

    def set_epoch(self, epoch):
        super().set_epoch(epoch)
        self.epoch.assign(epoch)

    @property
    def num_draws(self):
        return 1 + super().num_draws

    def dated(self, drawn, epoch):
        drawn = ops.convert_to_tensor(drawn)
        epoch = self.epoch.value if epoch is None else ops.convert_to_tensor(epoch)
        # The first policy is in force in any case, and each of the others from its epoch on.
        starts = ops.convert_to_tensor(np.array(self.first_epochs[1:], "float32"))
        stage = ops.sum(ops.cast(ops.cast(epoch, "float32") >= starts, "float32"))
        place = (stage + 0.5) / len(self.first_epochs)
        return ops.concatenate([ops.zeros_like(drawn[:, :1]) + place, drawn[:, 1:]], axis=1)

    def plan(self, drawn, state):
        stage = ops.cast(drawn[:, 0] * len(self._counts), "int32")
        begin, count = (
            ops.take(ops.convert_to_tensor(table), stage) for table in (self._begins, self._counts)
        )
        row = begin + ops.cast(drawn[:, 1] * ops.cast(count, "float32"), "int32")
        # In the policy of all sub-policies this is the number that draws that one.
        place = (ops.cast(row, "float32") + 0.5) / int(self._counts.sum())
        return super().plan(ops.concatenate([place[:, None], drawn[:, 2:]], axis=1), state)

    def get_config(self):
        config = {k: v for k, v in super().get_config().items() if k != "policy"}
        return {**config, "policies": self.policies, "first_epochs": self.first_epochs}


def _require_schedule(policies, first_epochs):
    """Raises a `ValueError` unless there are policies, and epochs at which they begin."""
    lists = isinstance(policies, (list, tuple)) and len(policies) > 0
    if not lists or not all(isinstance(p, (list, tuple)) and len(p) > 0 for p in policies):
        raise ValueError(
            "`policies` must be a list of policies, one at least, which are lists of "
            f"sub-policies. Received: policies={policies!r}"
        )
    if not isinstance(first_epochs, (list, tuple)) or len(first_epochs) != len(policies):
        raise ValueError(
            f"`first_epochs` must be {len(policies)} integers, one for each policy. "
            f"Received: first_epochs={first_epochs!r}"
        )
    for epoch in first_epochs:
        natural_number("first_epochs", epoch)
    rises = all(b > a for a, b in itertools.pairwise(first_epochs))
    if first_epochs[0] != 0 or not rises:
        raise ValueError(
            f"`first_epochs` must rise from 0. Received: first_epochs={list(first_epochs)}"
        )
