"""TrivialAugment: one operation at random, at a random level, over wide ranges."""

import keras
from keras import ops

from kerasbook.augmentation.rand_augment import OPERATIONS
from kerasbook.augmentation.random_operations import RandomOperations
from kerasbook.layers.arguments import positive_integer

RANGES = {
    **dict.fromkeys(("shear_x", "shear_y"), (0.0, 0.99)),
    **dict.fromkeys(("translate_x", "translate_y"), (0.0, 32 / 224)),
    "rotate": (0.0, 135.0),
    **dict.fromkeys(("brightness", "color", "contrast", "sharpness"), (1.0, 1.99)),
    "posterize": (8.0, 2.0),
    "solarize": (255.0, 0.0),
}


@keras.saving.register_keras_serializable(package="kerasbook")
class TrivialAugmentWide(RandomOperations):
    """Changes each image by one operation drawn at random, at a level drawn at random.

    The level is one of `num_levels` equally spaced ones, the least of them the identity; the
    ranges of the operations are wider than RandAugment's. There is nothing to tune.

    Args:
        num_levels: How many levels there are, an integer above 1.
        **kwargs: As in `RandAugment`: `operations`, `ranges`, `value_range`, `fill_value`,
            `seed` and so on. `ranges=None` stands for the paper's wide ones.

    Call arguments:
        inputs: As in `RandAugment`.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: As in `RandAugment`.

    Example:
        >>> images = np.zeros((2, 32, 48, 3), "uint8")
        >>> augment = kerasbook.augmentation.TrivialAugmentWide()
        >>> tuple(augment(images, training=True).shape)
        (2, 32, 48, 3)

    Reference:
        Mueller and Hutter, 2021, https://arxiv.org/abs/2103.10158. Translations of the paper
        are up to 32 pixels; here they are up to 1/7 of the side, which is that at 224 pixels.
    """

    papers = OPERATIONS
    papers_ranges = RANGES

    def __init__(self, num_levels=31, **kwargs):
        super().__init__(**kwargs)
        self.num_levels = positive_integer("num_levels", num_levels)
        if num_levels < 2:
            raise ValueError(f"`num_levels` must be above 1. Received: num_levels={num_levels}")

    @property
    def num_steps(self):
        return 1

    def strengths(self, uniform):
        return ops.floor(uniform * self.num_levels) / (self.num_levels - 1)

    def get_config(self):
        return {**super().get_config(), "num_levels": self.num_levels}
