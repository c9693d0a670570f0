"""RandomCrop: a random window in training, the middle otherwise."""

import keras
from keras import ops

from kerasbook.augmentation.crop import Crop, windows
from kerasbook.augmentation.operations.values import is_whole
from kerasbook.layers.arguments import number_of


@keras.saving.register_keras_serializable(package="kerasbook")
class RandomCrop(Crop):
    """Cuts a window of a fixed size out of each image: random in training, else the middle.

    In training each side first gets `padding` pixels more; every place of the window is as
    likely. Otherwise the window begins at `(side - size) // 2`, without padding.

    Args:
        height: Height of the result in pixels.
        width: Width of the result in pixels.
        padding: How many pixels come to each side of the image in training.
        fill_value: Value of these pixels.
        **kwargs: As in `Crop`: `bounding_box_format`, `fill_label`, `seed` and so on.

    Call arguments:
        inputs: Images `(batch, height, width, channels)` or one image `(height, width,
            channels)`, uint8 or floats; or a dictionary of `"images"` and their labels.
        training: Whether to crop at random. Defaults to `False`.

    Returns:
        What came in, with images `(batch, height, width, channels)` of the new size.

    Raises:
        ValueError: If an argument is no integer in its interval, an image is smaller than the
            result, or labels that are places are not as `ImageAugmentation` says.

    Example:
        >>> images = np.zeros((2, 32, 48, 3), "uint8")
        >>> crop = kerasbook.augmentation.RandomCrop(32, 48, padding=4)
        >>> tuple(crop(images, training=True).shape)
        (2, 32, 48, 3)

    Reference:
        Krizhevsky et al., 2012, section 4.1, https://doi.org/10.1145/3065386. There the test
        uses the four corners too.
    """

    num_draws = 2

    def __init__(self, height, width, *, padding=0, fill_value=0, **kwargs):
        super().__init__(height, width, **kwargs)
        rule = "an integer of at least 0"
        number_of("padding", padding, rule, lambda v: isinstance(v, int) and v >= 0)
        self.padding = padding
        self.fill_value = number_of("fill_value", fill_value, "a number", lambda v: True)

    @property
    def margin(self):
        return self.padding

    def window(self, size, drawn):
        upper, left = (
            ops.floor(drawn[:, i] * ops.cast(side + 2 * self.padding - cut + 1, "float32"))
            for i, (side, cut) in enumerate(zip(size, (self.height, self.width), strict=True))
        )
        tall, wide = ops.full_like(upper, self.height), ops.full_like(left, self.width)
        return ops.stack([upper - self.padding, left - self.padding, tall, wide], axis=1)

    def cut(self, images, window, is_mask=False):
        fill_value = self.fill_label if is_mask else self.fill_value
        if is_whole(images) and not is_mask:
            number_of("fill_value", fill_value, "in [0, 255]", lambda v: 0 <= v <= 255)
        more = (self.padding, self.padding)
        fill_value = ops.cast(fill_value, images.dtype)
        images = ops.pad(images, ((0, 0), more, more, (0, 0)), constant_values=fill_value)
        start = ops.cast(window[:, :2], "int32") + self.padding
        return windows(images, start[:, 0], start[:, 1], self.height, self.width)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding, "fill_value": self.fill_value}
