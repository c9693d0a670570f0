"""Operations that move the image: mirror images, whole-pixel shifts, other sizes."""

from keras import ops

from kerasbook.augmentation.operations.geometry import matrix


def flip_left_right(image, parameters, scene):
    """The mirror image, left to right."""
    return ops.flip(image, axis=1)


def flip_up_down(image, parameters, scene):
    """The mirror image, top to bottom."""
    return ops.flip(image, axis=0)


def mirror_left_right(magnitude, chance, height, width):
    """Where a mirror image takes its places from, left to right."""
    return matrix(-1, 0, ops.cast(width, magnitude.dtype), 0, 1, 0, magnitude)


def mirror_up_down(magnitude, chance, height, width):
    """Where a mirror image takes its places from, top to bottom."""
    return matrix(1, 0, 0, 0, -1, ops.cast(height, magnitude.dtype), magnitude)


def shift(magnitude, chance, height, width):
    """The image moves down and right by whole pixels, each number up to a fraction as likely.

    That is the usual "pad and crop at random". All is computed in 32 bits, on which the
    numbers of the pipeline's draws are exact.
    """
    down, right = (
        ops.cast(_whole_shift(magnitude, chance[..., i], side), magnitude.dtype)
        for i, side in enumerate((height, width))
    )
    return matrix(1, 0, -right, 0, 1, -down, magnitude)


def _whole_shift(fraction, chance, side):
    fraction, chance, side = (ops.cast(x, "float32") for x in (fraction, chance, side))
    most = ops.floor(fraction * side)
    return ops.floor(chance * (2 * most + 1)) - most


def zoom(magnitude, chance, height, width):
    """The image becomes larger about its middle by a factor."""
    return _scaled(magnitude, magnitude, height, width)


def scale_x(magnitude, chance, height, width):
    """The image becomes wider about its middle by a factor."""
    return _scaled(1 + 0 * magnitude, magnitude, height, width)


def scale_y(magnitude, chance, height, width):
    """The image becomes higher about its middle by a factor."""
    return _scaled(magnitude, 1 + 0 * magnitude, height, width)


def _scaled(down, across, height, width):
    y, x = (ops.cast(side, down.dtype) / 2 for side in (height, width))
    return matrix(1 / across, 0, x - x / across, 0, 1 / down, y - y / down, down)
