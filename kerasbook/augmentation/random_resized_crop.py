"""RandomResizedCrop: a random part of the image, brought to one size."""

import math

import keras
from keras import ops

from kerasbook.augmentation.crop import Crop, resized_windows
from kerasbook.layers.arguments import number_of

# So many windows are drawn for each image, of which the first that fits is taken.
NUM_TRIALS = 10


@keras.saving.register_keras_serializable(package="kerasbook")
class RandomResizedCrop(Crop):
    """Cuts a window of random area, aspect and place, and resizes it bilinearly.

    The area is uniform in `scale`, the logarithm of width by height uniform in that of `ratio`;
    the first of ten such windows that fits is taken, at a random place, or else the largest in
    the middle whose aspect is allowed. Outside training that is the middle of the image: the
    largest window of the result's aspect, its sides times `center_fraction`.

    Args:
        height: Height of the result in pixels.
        width: Width of the result in pixels.
        scale: Least and greatest area of the window, as fractions of the image's, in (0, 1].
        ratio: Least and greatest width of the window, as a multiple of its height.
        center_fraction: Fraction of the sides that is taken outside training, in (0, 1].
        **kwargs: As in `RandomCrop`: `seed` and so on.

    Call arguments:
        inputs: As in `RandomCrop`; images of any size.
        training: Whether to crop at random. Defaults to `False`.

    Returns:
        What came in, with images `(batch, height, width, channels)` of the new size.

    Raises:
        ValueError: If an argument is outside its interval, or labels that are places are not as
            `ImageAugmentation` says.

    Example:
        >>> images = np.zeros((2, 40, 60, 3), "uint8")
        >>> crop = kerasbook.augmentation.RandomResizedCrop(32, 32)
        >>> tuple(crop(images, training=True).shape)
        (2, 32, 32, 3)

    Reference:
        Szegedy et al., 2015, section 6, https://arxiv.org/abs/1409.4842. There the method of
        interpolation is random too. Values lie between four pixels, without a filter against
        aliasing.
    """

    num_draws = 2 * NUM_TRIALS + 2
    margin = None

    def __init__(
        self,
        height,
        width,
        *,
        scale=(0.08, 1),
        ratio=(3 / 4, 4 / 3),
        center_fraction=0.875,
        **kwargs,
    ):
        super().__init__(height, width, **kwargs)
        self.scale = _interval("scale", scale, "in (0, 1]", lambda v: 0 < v <= 1)
        self.ratio = _interval("ratio", ratio, "above 0", lambda v: v > 0)
        self.center_fraction = number_of(
            "center_fraction", center_fraction, "in (0, 1]", lambda v: 0 < v <= 1
        )

    def window(self, size, drawn):
        tall, wide = (ops.cast(side, "float32") for side in size)
        least, most = self.scale
        area = tall * wide * (least + (most - least) * drawn[:, :NUM_TRIALS])
        least, most = map(math.log, self.ratio)
        aspect = ops.exp(least + (most - least) * drawn[:, NUM_TRIALS : 2 * NUM_TRIALS])
        height = ops.floor(ops.sqrt(area / aspect) + 0.5)
        width = ops.floor(ops.sqrt(area * aspect) + 0.5)
        fits = ops.logical_and(
            ops.logical_and(height >= 1, height <= tall), ops.logical_and(width >= 1, width <= wide)
        )
        first = ops.argmax(ops.cast(fits, "int32"), axis=1)[:, None]
        found = ops.any(fits, axis=1)
        height, width = (ops.take_along_axis(x, first, axis=1)[:, 0] for x in (height, width))
        upper = ops.floor(drawn[:, -2] * (tall - height + 1))
        left = ops.floor(drawn[:, -1] * (wide - width + 1))
        nearest = ops.clip(wide / tall, *self.ratio)
        fallback = _middle(tall, wide, nearest, 1.0)
        box = [
            ops.where(found, drawn_number, number)
            for drawn_number, number in zip((upper, left, height, width), fallback, strict=True)
        ]
        return ops.stack(box, axis=1)

    def center_window(self, size):
        tall, wide = (ops.cast(side, "float32") for side in size)
        return _middle(tall, wide, self.width / self.height, self.center_fraction)

    def cut(self, images, window, is_mask=False):
        return resized_windows(images, window, self.height, self.width, is_mask)

    def center(self, images, is_mask=False):
        count, *size = ops.shape(images)[:3]
        window = ops.tile(ops.stack(self.center_window(size))[None], (count, 1))
        return self.cut(images, window, is_mask)

    def get_config(self):
        config = super().get_config()
        return {
            **config,
            "scale": list(self.scale),
            "ratio": list(self.ratio),
            "center_fraction": self.center_fraction,
        }


def _middle(tall, wide, aspect, fraction):
    """Returns the middle window of an aspect: the largest one, its sides times a fraction."""
    height = ops.floor(ops.minimum(tall, wide / aspect) * fraction + 0.5)
    width = ops.floor(ops.minimum(wide, tall * aspect) * fraction + 0.5)
    return ops.floor((tall - height) / 2), ops.floor((wide - width) / 2), height, width


def _interval(name, value, rule, holds):
    """Returns two numbers, not falling, as a tuple."""
    pair = tuple(value) if isinstance(value, (list, tuple)) else ()
    if len(pair) != 2:
        raise ValueError(f"`{name}` must be two numbers. Received: {name}={value!r}")
    low, high = (number_of(name, number, rule, holds) for number in pair)
    if low > high:
        raise ValueError(f"`{name}` must not fall. Received: {name}={value!r}")
    return low, high
