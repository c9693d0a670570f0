"""Colour jitter: brightness, contrast, saturation and hue at random, in a random order."""

import keras
from keras import ops

from kerasbook.augmentation.image_augmentation import ImageAugmentation
from kerasbook.augmentation.program import Steps
from kerasbook.layers.arguments import number_of


@keras.saving.register_keras_serializable(package="kerasbook")
class ColorJitter(ImageAugmentation):
    """Changes brightness, contrast, saturation and hue of each image, in an order of its own.

    Each factor is uniform in `[max(0, 1 - reach), 1 + reach]`, and the turn of the hue in
    `[-hue, hue]`, drawn for each image.

    Args:
        brightness: Reach of the factor of brightness, at least 0.
        contrast: Reach of the factor of contrast, at least 0.
        saturation: Reach of the factor of saturation, at least 0.
        hue: Greatest turn of the hue in degrees, in [0, 180].
        **kwargs: As in `RandAugment`: `value_range`, `seed` and so on.

    Call arguments:
        inputs: As in `RandAugment`. The hue of images of other than three channels stays.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If a number is outside its interval.

    Example:
        >>> images = np.zeros((2, 32, 48, 3), "uint8")
        >>> jitter = kerasbook.augmentation.ColorJitter(0.4, 0.4, saturation=0.4, hue=18)
        >>> tuple(jitter(images, training=True).shape)
        (2, 32, 48, 3)

    Reference:
        Krizhevsky, 2014, https://arxiv.org/abs/1404.5997, and the layer of this name in
        torchvision, whose `hue` is a fraction of the full turn of 360 degrees.
    """

    operations = ("brightness", "contrast", "saturation", "hue")
    num_steps = 4
    num_draws = 8

    def __init__(self, brightness=0.0, contrast=0.0, *, saturation=0.0, hue=0.0, **kwargs):
        super().__init__(**kwargs)
        self.brightness = number_of("brightness", brightness, "at least 0", lambda v: v >= 0)
        self.contrast = number_of("contrast", contrast, "at least 0", lambda v: v >= 0)
        self.saturation = number_of("saturation", saturation, "at least 0", lambda v: v >= 0)
        self.hue = number_of("hue", hue, "in [0, 180]", lambda v: 0 <= v <= 180)

    def plan(self, drawn, state):
        (strength,) = state
        reaches = (self.brightness, self.contrast, self.saturation, self.hue)
        low = [max(-1, -reach) for reach in reaches[:3]] + [-self.hue]
        low, high = (strength * ops.convert_to_tensor(x, "float32") for x in (low, reaches))
        still = ops.convert_to_tensor([1.0, 1.0, 1.0, 0.0])
        magnitude = still + low + (high - low) * drawn[:, :4]
        order = ops.argsort(drawn[:, 4:], axis=-1)
        magnitude = ops.take_along_axis(magnitude, order, axis=1)
        return Steps(ops.cast(order, "int32"), magnitude, ops.zeros((*ops.shape(order), 0)))

    def get_config(self):
        config = super().get_config()
        names = ("brightness", "contrast", "saturation", "hue")
        return {**config, **{name: getattr(self, name) for name in names}}
