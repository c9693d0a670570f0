"""RandAugment: operations at random, all at one level."""

import keras
from keras import ops

from kerasbook.augmentation.arguments import level_of
from kerasbook.augmentation.image_augmentation import ImageAugmentation
from kerasbook.augmentation.levels import magnitude_of
from kerasbook.augmentation.program import Steps
from kerasbook.layers.arguments import positive_integer

OPERATIONS = (
    *("identity", "auto_contrast", "equalize", "rotate", "solarize", "color", "posterize"),
    *("contrast", "brightness", "sharpness", "shear_x", "shear_y", "translate_x", "translate_y"),
)


@keras.saving.register_keras_serializable(package="kerasbook")
class RandAugment(ImageAugmentation):
    def __init__(
        self,
        num_operations=2,
        level=9,
        *,
        value_range=(0, 255),
        fill_value=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(value_range=value_range, fill_value=fill_value, seed=seed, **kwargs)
        self.num_operations = positive_integer("num_operations", num_operations)
        self.level = level_of(level)
        self.operations_ = OPERATIONS

    @property
    def operations(self):
        return OPERATIONS

    @property
    def num_steps(self):
        return self.num_operations

    @property
    def num_draws(self):
        return self.num_steps * (2 + self.num_chances)

    def plan(self, drawn, state):
        drawn = ops.reshape(drawn, (-1, self.num_steps, 2 + self.num_chances))
        which = ops.cast(drawn[..., 0] * len(OPERATIONS), "int32")
        magnitude = magnitude_of(which, self.level / 10, drawn[..., 1], OPERATIONS)
        return Steps(which, magnitude, drawn[..., 2:])

    def get_config(self):
        config = super().get_config()
        return {**config, "num_operations": self.num_operations, "level": self.level}
