"""UniformAugment: operations at random, each by a coin and at a random level."""

import keras

from kerasbook.augmentation.arguments import probability
from kerasbook.augmentation.rand_augment import OPERATIONS as RAND_AUGMENT_OPERATIONS
from kerasbook.augmentation.random_operations import RandomOperations
from kerasbook.layers.arguments import positive_integer

OPERATIONS = (*RAND_AUGMENT_OPERATIONS[1:], "invert", "cutout")


@keras.saving.register_keras_serializable(package="kerasbook")
class UniformAugment(RandomOperations):
    """Changes each image by some operations drawn at random, each at a level of its own.

    Each of `num_operations` steps draws an operation of the list with equal chance, carries it
    out with probability `rate`, and at a level uniform in [0, 10].

    Args:
        num_operations: Operations for each image, a positive integer.
        rate: Probability that a step is taken, in [0, 1].
        **kwargs: As in `RandAugment`: `operations`, `ranges`, `value_range`, `fill_value`,
            `seed` and so on. `operations=None` stands for AutoAugment's 15 of one image.

    Call arguments:
        inputs: As in `RandAugment`.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: As in `RandAugment`.

    Example:
        >>> images = np.zeros((2, 32, 48, 3), "uint8")
        >>> augment = kerasbook.augmentation.UniformAugment()
        >>> tuple(augment(images, training=True).shape)
        (2, 32, 48, 3)

    Reference:
        LingChen et al., 2020, https://arxiv.org/abs/2003.14348. There the probability of a
        step is itself drawn uniformly from [0, 1]; a fair coin is the same.
    """

    papers = OPERATIONS

    def __init__(self, num_operations=2, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.num_operations = positive_integer("num_operations", num_operations)
        self.rate = probability("rate", rate)

    @property
    def num_steps(self):
        return self.num_operations

    def strengths(self, uniform):
        return uniform

    def get_config(self):
        config = super().get_config()
        return {**config, "num_operations": self.num_operations, "rate": self.rate}
