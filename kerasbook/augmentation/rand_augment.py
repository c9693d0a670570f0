"""RandAugment: operations at random, all at one level."""

import keras
from keras import ops

from kerasbook.augmentation.arguments import level_of
from kerasbook.augmentation.random_operations import RandomOperations
from kerasbook.layers.arguments import positive_integer

OPERATIONS = (
    *("identity", "auto_contrast", "equalize", "rotate", "solarize", "color", "posterize"),
    *("contrast", "brightness", "sharpness", "shear_x", "shear_y", "translate_x", "translate_y"),
)


@keras.saving.register_keras_serializable(package="kerasbook")
class RandAugment(RandomOperations):
    """Changes each image by some operations drawn at random, all at one level.

    Each image gets `num_operations` operations, each drawn from the list with equal chance
    and carried out one after the other, at the magnitude `low +- (high - low) * level / 10`,
    in which the sign of those that have two sides is a coin. Level 0 is the identity for all
    operations that have a level.

    Args:
        num_operations: Operations for each image, a positive integer.
        level: Level of all operations, in [0, 10].
        operations: Names of the operations to draw from; `None` is the paper's 14, see
            `kerasbook.augmentation.list_operations`.
        ranges: As in `RandomOperations`, e.g. `{"rotate": (0, 45)}`.
        value_range: Least and greatest value of the images. Floats outside it are clipped,
            with a warning where their values are at hand.
        fill_value: Value of the pixels that come from outside the image, in `value_range`;
            `None` is the middle grey.
        seed: Integer seed of the draws of a call; `None` takes a fresh one.
        **kwargs: Passed to `ImageAugmentation`, e.g. `bounding_box_format` and `name`.

    Call arguments:
        inputs: Images `(batch, height, width, channels)` or `(height, width, channels)`, uint8
            or floats in `value_range`; or a dictionary with `"images"` and their labels.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If an operation is unknown (the message lists the nearest names), a
            number is outside its interval, or the inputs are no images.

    Example:
        >>> images = np.zeros((2, 32, 48, 3), "uint8")
        >>> augment = kerasbook.augmentation.RandAugment(num_operations=2, level=9)
        >>> tuple(augment(images, training=True).shape)
        (2, 32, 48, 3)

    Reference:
        Cubuk et al., 2020, https://arxiv.org/abs/1909.13719. There factors of brightness,
        colour, contrast and sharpness rise from 0.1 to 1.9 with the level, so that level 5 is
        the identity; here they move away from 1, to either side, as in torchvision.
    """

    papers = OPERATIONS

    def __init__(self, num_operations=2, level=9, **kwargs):
        super().__init__(**kwargs)
        self.num_operations = positive_integer("num_operations", num_operations)
        self.level = level_of(level)

    @property
    def num_steps(self):
        return self.num_operations

    def strengths(self, uniform):
        return ops.full_like(uniform, self.level / 10)

    def get_config(self):
        config = super().get_config()
        return {**config, "num_operations": self.num_operations, "level": self.level}
