"""JPEG compression: what a file of a lower quality leaves of an image.

Computed in floats: rounded are only the coefficients, the colors and the values, as a decoder
has them. Left out is the coding, which loses nothing.
"""

import numpy as np
from keras import ops

from kerasbook.augmentation.operations.values import image_size, is_whole, stored
from kerasbook.ops import rows_at

# Steps of quantization at quality 50, by rows: ITU T.81, tables K.1 and K.2.
LUMINANCE = (
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)
CHROMINANCE = (
    *(17, 18, 24, 47, 99, 99, 99, 99),
    *(18, 21, 26, 66, 99, 99, 99, 99),
    *(24, 26, 56, 99, 99, 99, 99, 99),
    *(47, 66, 99, 99, 99, 99, 99, 99),
    *(99,) * 32,
)
# Luminance and the two differences of color, from red, green and blue; and back.
TO_YCC = (
    (0.299, 0.587, 0.114),
    (-0.168735892, -0.331264108, 0.5),
    (0.5, -0.418687589, -0.081312411),
)
TO_RGB = ((1, 0, 1.402), (1, -0.344136286, -0.714136286), (1, 1.772, 0))


def jpeg(image, parameters, scene):
    """The image after JPEG compression of a quality from 1 to 100; above 100 as it is.

    Three channels are taken as colors, whose differences have half the resolution (4:2:0); any
    other number as pictures in grey.
    """
    height, width, channels = image_size(image)
    values = ops.cast(image, "float32")
    quality = ops.clip(parameters[0], 1, 100)
    if channels == 3:
        planes = _in_color(values, height, width, quality)
    else:
        fine = steps(LUMINANCE, quality)
        planes = [_padded(values[..., c], height, width, 8) for c in range(channels)]
        planes = [_compressed(plane - 128, fine) + 128 for plane in planes]
    result = ops.stack([plane[:height, :width] for plane in planes], axis=-1)
    result = stored(_rounded(result) if is_whole(image) else result, image)
    return ops.where(parameters[0] > 100, image, result)


def _in_color(values, height, width, quality):
    planes = [_padded(values[..., c], height, width, 16) for c in range(3)]
    luma, *chroma = (_rounded(_mixed(row, planes)) for row in TO_YCC)
    luma = _rounded(_compressed(luma - 128, steps(LUMINANCE, quality)) + 128)
    coarse = steps(CHROMINANCE, quality)
    chroma = [_rounded(_compressed(_halved(plane), coarse)) for plane in chroma]
    chroma = [_doubled(ops.clip(plane, -128, 127)) for plane in chroma]
    return [_mixed(row, [ops.clip(luma, 0, 255), *chroma]) for row in TO_RGB]


def _rounded(x):
    return ops.floor(x + 0.5)


def _mixed(weights, planes):
    return sum(weight * plane for weight, plane in zip(weights, planes, strict=True) if weight)


def steps(table, quality):
    """Returns the steps of quantization of a quality, `(64,)`, by the usual rule."""
    percent = ops.where(quality < 50, ops.floor(5000 / quality), 200 - 2 * quality)
    table = ops.convert_to_tensor(np.array(table, "float32"))
    return ops.clip(ops.floor((table * percent + 50) / 100), 1, 255)


def _cosines():
    """Returns the matrix of the cosine transform of 8 x 8 values in a row, `(64, 64)`."""
    frequency, place = np.arange(8)[:, None], np.arange(8)
    one = np.cos((2 * place + 1) * frequency * np.pi / 16) / 2
    one[0] /= np.sqrt(2)
    return np.kron(one, one).astype("float32")


def _compressed(plane, table):
    """Returns a plane of blocks of 8 x 8 after quantization by a table of steps, around 0."""
    height, width = ops.shape(plane)
    blocks = ops.reshape(plane, (height // 8, 8, width // 8, 8))
    blocks = ops.reshape(ops.transpose(blocks, (0, 2, 1, 3)), (-1, 64))
    cosines = ops.convert_to_tensor(_cosines())
    numbers = ops.matmul(blocks, ops.transpose(cosines))
    # Halves, which are not rare at the mean of a block, are rounded away from 0.
    numbers = ops.sign(numbers) * _rounded(abs(numbers) / table) * table
    blocks = ops.matmul(numbers, cosines)
    blocks = ops.reshape(blocks, (height // 8, width // 8, 8, 8))
    return ops.reshape(ops.transpose(blocks, (0, 2, 1, 3)), (height, width))


def _padded(plane, height, width, multiple):
    """Returns a plane whose sides are multiples of a number, the last pixels repeated."""
    for size in (height, width):
        more = -size % multiple
        if not isinstance(more, int) or more:
            places = ops.minimum(ops.arange(size + more), size - 1)
            plane = rows_at(plane, places)
        plane = ops.transpose(plane)
    return plane


def _halved(plane):
    """Returns the means of squares of 2 x 2 values; halves go down and up in turn, as in libjpeg.

    So do the sixteenths below.
    """
    height, width = ops.shape(plane)
    pairs = ops.reshape(plane, (height // 2, 2, width // 2, 2))
    total = pairs[:, 0, :, 0] + pairs[:, 0, :, 1] + pairs[:, 1, :, 0] + pairs[:, 1, :, 1]
    return ops.floor((total + 1 + ops.cast(ops.arange(width // 2) % 2, "float32")) / 4)


def _doubled(plane):
    """Returns a plane of twice the size, linear between the middles of its pixels."""
    for _ in range(2):
        height, width = ops.shape(plane)
        before = ops.concatenate([plane[:1], plane[:-1]])
        after = ops.concatenate([plane[1:], plane[-1:]])
        both = ops.stack([3 * plane + before, 3 * plane + after], axis=1)
        plane = ops.transpose(ops.reshape(both, (2 * height, width)))
    width = ops.shape(plane)[1]
    return ops.floor((plane + 8 - ops.cast(ops.arange(width) % 2, "float32")) / 16)
