"""AutoAugment: sub-policies of operations, each with a probability and a level."""

import keras
import numpy as np
from keras import ops

from kerasbook.augmentation.arguments import probability
from kerasbook.augmentation.image_augmentation import ImageAugmentation
from kerasbook.augmentation.levels import magnitude_of, ranges_of, rate_of
from kerasbook.augmentation.operations import get_operation
from kerasbook.augmentation.program import Steps
from kerasbook.augmentation.published import published_policy
from kerasbook.layers.arguments import number_of

FIELDS = ("operation", "probability", "level")


@keras.saving.register_keras_serializable(package="kerasbook")
class AutoAugment(ImageAugmentation):
    """Changes each image by one sub-policy of a policy, drawn for that image.

    A policy is a list of sub-policies, a sub-policy a list of operations that are carried out
    one after the other, each with its probability, at its level. At level l the magnitude is
    `low +- (high - low) * l / greatest_level`, in which the sign of operations that have two
    sides is a coin.

    Args:
        policy: Name of a published policy: `"cifar10"`, `"imagenet"`, `"svhn"` (25 sub-policies
            of two operations each; `"reduced_cifar10"` and so on are the same, as they were
            found on reduced datasets), or `"detection_v0"`; or a list of lists of dictionaries
            `{"operation": name, "probability": p, "level": l}`, with `None` for the level of an
            operation that has none.
        greatest_level: The level of greatest effect, a positive number; `None` is the published
            policy's, or else 10.
        ranges: Dictionary from names of operations to `(low, high)`: magnitudes at level 0 and
            the greatest, in the operation's unit, where they are not AutoAugment's.
        **kwargs: As in `RandAugment`: `value_range`, `fill_value`, `seed` and so on.

    Call arguments:
        inputs: As in `RandAugment`.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If the policy, an operation or a field is unknown (the message lists the
            nearest names), or a probability or level is outside its interval.

    Example:
        >>> images = np.zeros((2, 32, 48, 3), "uint8")
        >>> augment = kerasbook.augmentation.AutoAugment("cifar10")
        >>> tuple(augment(images, training=True).shape)
        (2, 32, 48, 3)

    Reference:
        Cubuk et al., 2019, https://arxiv.org/abs/1805.09501. Solarize and posterize change the
        image more as the level grows, as in torchvision; in the paper's code less, which is
        `ranges={"posterize": (4, 8), "solarize": (0, 256)}`. For `"detection_v0"` see Zoph et
        al., 2019, https://arxiv.org/abs/1906.11172; there colour only gains, here a coin says.
    """

    def __init__(self, policy="imagenet", *, greatest_level=None, ranges=None, **kwargs):
        super().__init__(**kwargs)
        self.policy = policy
        self.greatest_level = greatest_level
        arguments = {"policy": policy}
        if isinstance(policy, str):
            arguments = published_policy(policy)["arguments"]
        published = arguments.get("greatest_level", 10)
        greatest = published if greatest_level is None else greatest_level
        greatest = number_of("greatest_level", greatest, "above 0", lambda v: v > 0)
        policy = _listed(arguments["policy"])
        names = {name for steps in policy for name, _, _ in _checked(steps, greatest)}
        self.operations = tuple(sorted(names))
        self.ranges = ranges_of(ranges)
        self.magnitude_ranges = {**arguments.get("ranges", {}), **(self.ranges or {})}
        self._tables = self.tables_of(policy, greatest)

    def tables_of(self, policy, greatest_level):
        """Returns the steps of a policy as arrays `(sub-policies, steps)`.

        Args:
            policy: List of sub-policies, of the layer's own `operations`.
            greatest_level: The level of greatest effect.

        Returns:
            The place of each step's operation among the layer's, integers; its probability; and
            its level as a fraction of the greatest. A step that a shorter sub-policy lacks is no
            operation at all.

        Raises:
            ValueError: If an operation is not among the layer's, or a field is wrong.
        """
        steps = [_checked(sub_policy, greatest_level) for sub_policy in _listed(policy)]
        longest = max(map(len, steps))
        missing = (None, 0.0, 0.0)
        table = [(*sub_policy, *[missing] * (longest - len(sub_policy))) for sub_policy in steps]
        names = (*self.operations, None)
        for name in {step[0] for row in table for step in row}.difference(names):
            raise ValueError(
                f"`policy` must have operations of {self.operations}. Received: operation={name!r}"
            )
        which = np.array([[names.index(s[0]) for s in row] for row in table], "int32")
        rate = np.array([[s[1] for s in row] for row in table], "float32")
        level = np.array([[s[2] / greatest_level for s in row] for row in table], "float32")
        return which, rate, level

    @property
    def tables(self):
        """The policy's steps as `tables_of` returns them, arrays or tensors."""
        return list(self._tables)

    @property
    def state(self):
        return [*super().state, *self.tables]

    @property
    def sub_policies(self):
        """Lists of (operation, probability, level as a fraction of the greatest)."""
        names = (*self.operations, None)
        tables = zip(*map(ops.convert_to_numpy, self.tables), strict=True)
        rows = [zip(*(column.tolist() for column in row), strict=True) for row in tables]
        return [[(names[which], p, s) for which, p, s in row if names[which]] for row in rows]

    @property
    def num_steps(self):
        return self.tables[0].shape[1]

    @property
    def num_draws(self):
        return 1 + self.num_steps * (2 + self.num_chances)

    def plan(self, drawn, state):
        strength, *tables = state
        row = ops.cast(drawn[:, 0] * tables[0].shape[0], "int32")
        which, rate, level = (ops.take(ops.convert_to_tensor(t), row, axis=0) for t in tables)
        drawn = ops.reshape(drawn[:, 1:], (-1, self.num_steps, 2 + self.num_chances))
        coin = drawn[..., 1]
        magnitude = magnitude_of(
            which, strength * level, coin, self.operations, self.magnitude_ranges
        )
        taken = drawn[..., 0] < rate_of(which, rate, strength, self.operations)
        which = ops.where(taken, which, len(self.operations))
        return Steps(which, magnitude, drawn[..., 2:])

    def get_config(self):
        config = super().get_config()
        names = ("policy", "greatest_level", "ranges")
        return {**config, **{name: getattr(self, name) for name in names}}


def _listed(policy):
    """Returns the sub-policies, after a look at the lists."""
    lists = isinstance(policy, (list, tuple)) and policy
    if not lists or not all(isinstance(s, (list, tuple)) and s for s in policy):
        raise ValueError(
            "`policy` must be a name, or a list of sub-policies, which are lists of operations. "
            f"Received: policy={policy!r}"
        )
    return policy


def _checked(sub_policy, greatest_level):
    """Returns (name, probability, level) of each operation of a sub-policy."""
    steps = []
    for step in sub_policy:
        if not isinstance(step, dict) or set(step) != set(FIELDS):
            raise ValueError(f"An operation of `policy` must have {FIELDS}. Received: {step!r}")
        operation, level = get_operation(step["operation"]), step["level"]
        if not operation.has_level and level is not None:
            raise ValueError(
                f"`level` must be None, as {operation.name!r} has none. Received: level={level!r}"
            )
        if operation.has_level:
            rule = f"in [0, {greatest_level}]"
            number_of("level", level, rule, lambda v: 0 <= v <= greatest_level)
        rate = probability("probability", step["probability"])
        steps.append((operation.name, rate, level or 0.0))
    return steps
