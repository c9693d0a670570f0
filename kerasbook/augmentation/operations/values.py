"""Operations on the values of pixels: the same place, another colour.

uint8 images come out as from Pillow's `ImageOps` and `ImageEnhance`, to the last bit; but XLA
computes a product and a sum in one step, whose rounding may take a blend to the next grey level.
Float images follow the same formulas on the scale of [0, 255], without rounding.
"""

import keras
import numpy as np
from keras import ops

from kerasbook.ops import count_values, kept, rows_at, widest_float

# Weights of red, green and blue in grey, of ITU-R 601-2 in units of 2^-16, as Pillow has them.
LUMA = (19595, 38470, 7471)
# A float that was a byte before it was scaled there and back may have come to lie below it.
SLACK = 1e-3


def identity(image, parameters, scene):
    """The image as it is."""
    return image


def brightness(image, parameters, scene):
    """`x * factor`: a blend with black."""
    return stored(_floats(image) * parameters[0], image)


def contrast(image, parameters, scene):
    """A blend with the mean grey of the image."""
    # Down the columns first: the compiler adds whole rows at once.
    total = ops.sum(ops.cast(ops.sum(_grey(image), axis=0), widest_float()))
    mean = total / ops.cast(ops.size(image), widest_float())
    mean = ops.cast(ops.floor(mean + 0.5) if is_whole(image) else mean, "float32")
    return blended(mean, _floats(image), parameters[0], image)


def color(image, parameters, scene):
    """A blend with the grey image, pixel by pixel."""
    grey = ops.cast(_grey(image), "float32")
    return blended(grey, _floats(_rows(image)), parameters[0], image)


def sharpness(image, parameters, scene):
    """A blend with the image smoothed by (1 1 1; 1 5 1; 1 1 1) / 13; the border stays."""
    height, width, channels = image_size(image)
    rows = _rows(image)
    x = ops.cast(rows, "int16" if is_whole(image) else "float32")
    three_rows = x + _rolled(x, 1, 0) + _rolled(x, -1, 0)
    total = three_rows + _rolled(three_rows, channels, 1) + _rolled(three_rows, -channels, 1)
    smooth = ops.cast(total + 4 * x, "float32") / 13
    smooth = ops.floor(smooth + 0.5) if is_whole(image) else smooth
    line = ops.arange(height)[:, None]
    column = ops.arange(width * channels)
    inside = ops.logical_and(
        ops.logical_and(line > 0, line < height - 1),
        ops.logical_and(column >= channels, column < (width - 1) * channels),
    )
    result = stored(smooth + parameters[0] * (ops.cast(x, "float32") - smooth), rows)
    return ops.reshape(ops.where(inside, result, rows), (height, width, channels))


def invert(image, parameters, scene):
    """`255 - x`."""
    return 255 - image


def solarize(image, parameters, scene):
    """`255 - x` where x is the threshold or above."""
    return ops.where(_floats(image) < parameters[0], image, 255 - image)


def solarize_threshold(magnitude, chance, height, width):
    """The threshold; the identity's, 255, would still invert what is white."""
    return (ops.where(magnitude < 255, magnitude, ops.full_like(magnitude, 256)),)


def posterize(image, parameters, scene):
    """Only the given number of most significant bits of x."""
    step = 2 ** (8 - parameters[0])
    if is_whole(image):
        return ops.bitwise_and(image, ops.cast(256 - step, "uint8"))
    # All eight bits of a float are the float itself.
    return ops.where(parameters[0] < 8, ops.floor((image + SLACK) / step) * step, image)


def auto_contrast(image, parameters, scene):
    """Each channel stretched linearly, so that its darkest value is 0 and its lightest 255."""
    rows = _rows(image)
    channels = image.shape[-1]
    low, high = (
        reduce(ops.reshape(reduce(rows, axis=0), (-1, channels)), axis=0)
        for reduce in (ops.min, ops.max)
    )
    wide = widest_float() if is_whole(image) else "float32"
    low, high = ops.cast(low, wide), ops.cast(high, wide)
    flat = low >= high
    scale = 255 / ops.where(flat, 1, high - low)
    scale, offset = ops.where(flat, 1, scale), ops.where(flat, 0, -low * scale)
    if is_whole(image):
        values = ops.cast(ops.arange(256), wide)[:, None]
        return looked_up(ops.clip(ops.trunc(values * scale + offset), 0, 255), image)
    return ops.clip(image * scale + offset, 0, 255)


def equalize(image, parameters, scene):
    """Each channel mapped so that all of its values become about equally frequent."""
    channels = image.shape[-1]
    level = _levels(image) + _by_column(256 * np.arange(channels), image)
    counts = ops.reshape(count_values(level, 256 * channels), (channels, 256))
    # Pillow's rule: all but the pixels of the last value are dealt out in 255 equal steps.
    values = ops.arange(256)
    last = ops.max(ops.where(counts > 0, values, 0), axis=1, keepdims=True)
    rest = ops.sum(ops.where(values == last, 0, counts), axis=1, keepdims=True)
    step = rest // 255
    before = ops.cumsum(counts, axis=1) - counts
    table = (before + step // 2) // ops.maximum(step, 1)
    table = ops.where(step == 0, values, ops.minimum(table, 255))
    return looked_up(ops.transpose(table), image)


def is_whole(image):
    """Tells whether the image holds whole numbers: uint8."""
    return keras.backend.standardize_dtype(image.dtype) == "uint8"


def image_size(image):
    """Returns height, width and channels; the first two may be scalar tensors."""
    height, width, _ = ops.shape(image)
    return height, width, image.shape[-1]


def stored(values, like):
    """Returns floats on the scale of [0, 255], clipped and truncated to what `like` holds."""
    values = ops.reshape(ops.clip(values, 0, 255), ops.shape(like))
    return ops.cast(values, like.dtype)


def blended(degenerate, original, factor, like):
    """Returns `degenerate + factor * (original - degenerate)`, stored as `like` is."""
    return stored(degenerate + factor * (original - degenerate), like)


def _floats(image):
    return ops.cast(image, "float32")


def _rows(image):
    """Returns `(height, width * channels)`: long rows let the compiler use vectors."""
    height, width, channels = image_size(image)
    return ops.reshape(image, (height, width * channels))


def _levels(image):
    """Returns `_rows` as whole numbers, of floats those below them."""
    rows = _rows(image) if is_whole(image) else _rows(image) + SLACK
    return ops.cast(rows, "int32")


def _rolled(x, shift, axis):
    return ops.roll(x, shift, axis=axis)


def _grey(image):
    """Returns the grey of each pixel once for each of its channels, `(height, width * channels)`.

    Of three channels that is luma, rounded for uint8; of any other number their mean.
    """
    height, width, channels = image_size(image)
    whole = is_whole(image)
    if channels != 3:
        mean = ops.mean(_floats(image), axis=-1, keepdims=True)
        mean = ops.cast(ops.floor(mean + 0.5), "int32") if whole else mean
        return _rows(ops.broadcast_to(mean, (height, width, channels)))
    rows = _rows(image)
    # A value finds the other two of its pixel up to two places to either side.
    padded = ops.concatenate([rows[:, :2], rows, rows[:, :2]], axis=1)
    total = 0x8000 if whole else 0
    for shift in range(-2, 3):
        weights = [LUMA[c + shift] if 0 <= c + shift < 3 else 0 for c in range(3)]
        weights = np.array(weights, "int32") if whole else np.array(weights, "float32") / 2**16
        weights = ops.tile(ops.convert_to_tensor(weights), (width,))
        part = padded[:, 2 + shift : 2 + shift + width * 3]
        total = total + ops.cast(part, weights.dtype) * weights
    return ops.right_shift(total, 16) if whole else total


def looked_up(table, image):
    """Returns `table[value, channel]` for each value; floats take the value below them."""
    channels = image.shape[-1]
    place = _levels(image) * channels + _by_column(np.arange(channels), image)
    found = rows_at(kept(ops.reshape(ops.cast(table, image.dtype), (-1,))), place)
    return ops.reshape(found, ops.shape(image))


def _by_column(numbers, image):
    """Returns one integer for each channel, repeated along a row of `_rows`."""
    return ops.tile(ops.convert_to_tensor(numbers.astype("int32")), (image_size(image)[1],))
