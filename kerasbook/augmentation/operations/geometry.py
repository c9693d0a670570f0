"""Operations that move pixels: affine warps with the nearest pixel.

A warp is the matrix that takes a place in the result to the place that it comes from. Places
are in pixels from the upper left corner, so that the middle of the first pixel is (0.5, 0.5).

All is as in Pillow, pixel for pixel, where numbers have 64 bits. On JAX they have 32: a place that
is within 2^-16 pixel of the border between two pixels may come from the other one.
"""

import math

from keras import ops

from kerasbook.augmentation.operations.values import image_size
from kerasbook.ops import rows_at

_ONE = 1 << 16


def warp(image, parameters, scene):
    """The image under the affine map of the first six parameters, by the nearest pixel.

    Coordinates have 16 binary places, as in Pillow.
    """
    height, width, _ = image_size(image)
    column, row = ops.arange(width, dtype="int32"), ops.arange(height, dtype="int32")[:, None]

    def source(across, down, start):
        # The middle of a pixel is half a step from its corner.
        numbers = ops.stack([across, down, start + (across + down) / 2])
        across, down, start = ops.unstack(ops.cast(ops.floor(numbers * _ONE + 0.5), "int32"), 3)
        return ops.right_shift(across * column + (down * row + start), 16)

    from_x, from_y = (
        source(parameters[0], parameters[1], parameters[2]),
        source(parameters[3], parameters[4], parameters[5]),
    )
    return taken(image, from_x, from_y, scene.fill_value)


def taken(image, from_x, from_y, fill_value):
    """Returns the pixels of an image from the given columns and rows, else the fill value."""
    height, width, channels = image_size(image)
    inside = ops.logical_and(
        ops.logical_and(from_x >= 0, from_x < width), ops.logical_and(from_y >= 0, from_y < height)
    )
    place = ops.where(inside, from_y * width + from_x, 0)
    pixels = rows_at(ops.reshape(image, (-1, channels)), place)
    return ops.where(inside[..., None], pixels, ops.cast(fill_value, image.dtype))


def shear_x(magnitude, chance, height, width):
    """Rows shift by `magnitude` pixels a row, the upper one not at all."""
    return matrix(1, magnitude, 0, 0, 1, 0, magnitude)


def shear_y(magnitude, chance, height, width):
    """Columns shift by `magnitude` pixels a column, the left one not at all."""
    return matrix(1, 0, 0, magnitude, 1, 0, magnitude)


def translate_x(magnitude, chance, height, width):
    """The image moves left by a fraction of its width."""
    return matrix(1, 0, magnitude * ops.cast(width, magnitude.dtype), 0, 1, 0, magnitude)


def translate_y(magnitude, chance, height, width):
    """The image moves up by a fraction of its height."""
    return matrix(1, 0, 0, 0, 1, magnitude * ops.cast(height, magnitude.dtype), magnitude)


def rotate(magnitude, chance, height, width):
    """The image turns counter-clockwise about its middle by an angle in degrees."""
    angle = magnitude * (math.pi / 180)
    cosine, sine = ops.cos(angle), ops.sin(angle)
    x, y = (ops.cast(side, magnitude.dtype) / 2 for side in (width, height))
    # Pillow's direction: a positive angle takes the place of a pixel clockwise.
    return matrix(
        cosine, -sine, x - cosine * x + sine * y, sine, cosine, y - sine * x - cosine * y, magnitude
    )


def matrix(*numbers):
    """Returns numbers, each with the shape of the last argument, which is not one of them."""
    *numbers, like = numbers
    return tuple(number + ops.zeros_like(like) for number in numbers)
