"""One operation, by a coin, at a fixed or a random level."""

import keras
from keras import ops

from kerasbook.augmentation.arguments import probability
from kerasbook.augmentation.image_augmentation import ImageAugmentation
from kerasbook.augmentation.levels import magnitude_of, rate_of
from kerasbook.augmentation.operations import get_operation
from kerasbook.augmentation.program import Steps
from kerasbook.layers.arguments import number_of


@keras.saving.register_keras_serializable(package="kerasbook")
class RandomOperation(ImageAugmentation):
    """Carries out one operation on some of the images, at a level or a magnitude.

    Args:
        operation: Name of the operation, see `kerasbook.augmentation.list_operations`.
        level: A number in [0, 10], or two, between which each image draws one. Operations of
            two sides, such as a rotation, also draw the side. `None` is (0, 10), unless
            `magnitude` is given.
        magnitude: Instead of the level, a number in the operation's unit (degrees for a rotation,
            a factor for brightness), or two, between which each image draws one.
        rate: Probability that an image gets the operation, in [0, 1].
        **kwargs: As in `RandAugment`: `value_range`, `fill_value`, `seed` and so on.

    Call arguments:
        inputs: As in `RandAugment`.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If the operation is unknown (the message lists the nearest names), has
            no level but gets one, or a number is outside its interval.

    Example:
        >>> images = np.zeros((2, 32, 48, 3), "uint8")
        >>> turn = kerasbook.augmentation.RandomOperation("rotate", magnitude=(-10, 10), rate=0.5)
        >>> tuple(turn(images, training=True).shape)
        (2, 32, 48, 3)
    """

    num_steps = 1

    def __init__(self, operation, *, level=None, magnitude=None, rate=1.0, **kwargs):
        super().__init__(**kwargs)
        found = get_operation(operation)
        self.operation = operation
        self.operations = (operation,)
        self.level = level
        self.magnitude = magnitude
        self.rate = probability("rate", rate)
        if level is not None and magnitude is not None:
            raise ValueError(
                "`level` and `magnitude` must not both be given. "
                f"Received: level={level!r}, magnitude={magnitude!r}"
            )
        if not found.has_level and (level is not None or magnitude is not None):
            name = "level" if magnitude is None else "magnitude"
            raise ValueError(
                f"`{name}` must be None, as {operation!r} has none. "
                f"Received: {name}={getattr(self, name)!r}"
            )
        self._magnitudes = _pair("magnitude", magnitude, "a number, or two", lambda v: True)
        self._levels = _pair("level", level, "in [0, 10], or two such", lambda v: 0 <= v <= 10)

    @property
    def num_draws(self):
        return 3 + self.num_chances

    def plan(self, drawn, state):
        (strength,) = state
        first = ops.zeros_like(drawn[:, :1], dtype="int32")
        taken = drawn[:, :1] < rate_of(first, self.rate, strength, self.operations)
        which = ops.where(taken, first, 1)
        coin, place = drawn[:, 1:2], drawn[:, 2:3]
        if self.magnitude is None:
            low, high = self._levels or (0, 10)
            level = strength * (low + (high - low) * place) / 10
            magnitude = magnitude_of(which, level, coin, self.operations)
        else:
            low, high = self._magnitudes
            magnitude = low + (high - low) * place
            found = get_operation(self.operation)
            magnitude = found.low + strength * (magnitude - found.low)
            magnitude = ops.floor(magnitude + 0.5) if found.whole else magnitude
        return Steps(which, magnitude, drawn[:, None, 3:])

    def get_config(self):
        config = super().get_config()
        names = ("operation", "level", "magnitude", "rate")
        return {**config, **{name: getattr(self, name) for name in names}}


def _pair(name, value, rule, holds):
    """Returns one number or two as a pair, or `None`."""
    if value is None:
        return None
    pair = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"`{name}` must be {rule}. Received: {name}={value!r}")
    return tuple(number_of(name, number, rule, holds) for number in pair)
