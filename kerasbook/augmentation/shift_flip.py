"""Whole-pixel shifts and mirror images: the augmentation of small recipes."""

import keras
from keras import ops

from kerasbook.augmentation.image_augmentation import ImageAugmentation
from kerasbook.augmentation.program import Steps
from kerasbook.layers.arguments import boolean, number_of


@keras.saving.register_keras_serializable(package="kerasbook")
class ShiftFlip(ImageAugmentation):
    """Moves each image by whole pixels, and may mirror it left to right.

    Rows and columns move independently by -n to n pixels, each as likely, with n the given
    fraction of the side, rounded down. This is the usual "pad by n and crop at random".

    Args:
        fraction: Greatest shift as a fraction of the side, in [0, 1).
        flip: Whether to mirror an image with probability 1/2, before it moves.
        fill_value: Value of what comes in, in the value range.
        **kwargs: As in `RandAugment`: `value_range`, `seed` and so on.

    Call arguments:
        inputs: As in `RandAugment`.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If `fraction` is not in [0, 1).

    Example:
        >>> images = np.zeros((2, 32, 48, 3), "uint8")
        >>> moved = kerasbook.augmentation.ShiftFlip(1 / 8, flip=True)(images, training=True)
        >>> tuple(moved.shape)
        (2, 32, 48, 3)

    Reference:
        He et al., 2015, section 4.2, https://arxiv.org/abs/1512.03385. There the padding is 4
        of 32 pixels.
    """

    operations = ("flip_left_right", "shift")
    num_steps = 2
    num_draws = 3

    def __init__(self, fraction, *, flip=False, fill_value=0, **kwargs):
        super().__init__(fill_value=fill_value, **kwargs)
        self.fraction = number_of("fraction", fraction, "in [0, 1)", lambda v: 0 <= v < 1)
        self.flip = boolean("flip", flip)

    def plan(self, drawn, state):
        (strength,) = state
        nothing = len(self.operations)
        mirrored = ops.logical_and(self.flip, drawn[:, 2] < strength / 2)
        first = ops.where(mirrored, 0, nothing)
        operation = ops.stack([first, ops.ones_like(first)], axis=1)
        magnitude = ops.full_like(drawn[:, :2], self.fraction) * strength
        chance = ops.stack([drawn[:, :2], drawn[:, :2]], axis=1)
        return Steps(ops.cast(operation, "int32"), magnitude, chance)

    def get_config(self):
        return {**super().get_config(), "fraction": self.fraction, "flip": self.flip}
