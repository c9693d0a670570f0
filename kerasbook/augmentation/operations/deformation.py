"""Operations that deform the image: by a change of perspective, and by a random elastic field."""

import math

import numpy as np
from keras import ops

from kerasbook.augmentation.operations.geometry import taken
from kerasbook.augmentation.operations.noise import uniform
from kerasbook.augmentation.operations.values import image_size, is_whole, stored

# Deviation of the elastic field's smoothing, as a fraction of the side: 4 of 29 pixels.
SMOOTHNESS = 4 / 29


def projective_warp(image, parameters, scene):
    """The image under the projective map of eight parameters, by the nearest pixel."""
    height, width, _ = image_size(image)
    x = ops.cast(ops.arange(width), parameters.dtype) + 0.5
    y = (ops.cast(ops.arange(height), parameters.dtype) + 0.5)[:, None]
    depth = parameters[6] * x + parameters[7] * y + 1

    def source(across, down, start, size):
        # Far outside is outside, also for integers.
        place = ops.floor((across * x + down * y + start) / depth)
        return ops.cast(ops.clip(place, -1, ops.cast(size, place.dtype)), "int32")

    from_x = source(*(parameters[i] for i in range(3)), width)
    from_y = source(*(parameters[i] for i in range(3, 6)), height)
    return taken(image, from_x, from_y, scene.fill_value)


def perspective(magnitude, chance, height, width):
    """The image's corners move inwards, each by up to a fraction of half the sides.

    In units of the sides the image is the square of which the map of Heckbert (1989) makes
    the quadrilateral of the moved corners; what is wanted is its inverse.
    """
    moves = [chance[..., i] * magnitude / 2 for i in range(8)]
    # The corners in turn, from the upper left one, clockwise.
    x = moves[0], 1 - moves[2], 1 - moves[4], moves[6]
    y = moves[1], moves[3], 1 - moves[5], 1 - moves[7]
    skew_x, skew_y = x[0] - x[1] + x[2] - x[3], y[0] - y[1] + y[2] - y[3]
    across, down = (x[1] - x[2], y[1] - y[2]), (x[3] - x[2], y[3] - y[2])
    area = across[0] * down[1] - down[0] * across[1]
    g = (skew_x * down[1] - down[0] * skew_y) / area
    h = (across[0] * skew_y - skew_x * across[1]) / area
    a, b, c = x[1] - x[0] + g * x[1], x[3] - x[0] + h * x[3], x[0]
    d, e, f = y[1] - y[0] + g * y[1], y[3] - y[0] + h * y[3], y[0]
    # The inverse of (a b c; d e f; g h 1), up to a factor, then from fractions to pixels.
    scale = a * e - b * d
    height, width = (ops.cast(side, magnitude.dtype) for side in (height, width))
    return (
        (e - f * h) / scale,
        (c * h - b) / scale * (width / height),
        (b * f - c * e) / scale * width,
        (f * g - d) / scale * (height / width),
        (a - c * g) / scale,
        (c * d - a * f) / scale * height,
        (d * h - e * g) / scale / width,
        (b * g - a * h) / scale / height,
    )


def elastic(image, parameters, scene):
    """Each pixel from a place moved at random, but like its neighbours, bilinearly.

    White noise on a grid, smoothed by a normal curve, is scaled so that its deviation, the
    typical displacement, is a fraction of the side. The grid has the same number of points for
    every size of the image, about one for each third of the curve's deviation.
    """
    height, width, _ = image_size(image)
    across, down = (_field(height, width, parameters[1:], stream) for stream in range(2))
    strength = parameters[0]
    x = ops.arange(width, dtype="float32") + across * (strength * ops.cast(width, "float32"))
    y = ops.arange(height, dtype="float32")[:, None]
    y = y + down * (strength * ops.cast(height, "float32"))
    left, upper = ops.floor(x), ops.floor(y)
    part_x, part_y = (x - left)[..., None], (y - upper)[..., None]
    left, upper = ops.cast(left, "int32"), ops.cast(upper, "int32")

    def pixels(right, lower):
        found = taken(image, left + right, upper + lower, scene.fill_value)
        return ops.cast(found, "float32")

    above = pixels(0, 0) + part_x * (pixels(1, 0) - pixels(0, 0))
    below = pixels(0, 1) + part_x * (pixels(1, 1) - pixels(0, 1))
    values = above + part_y * (below - above)
    return stored(ops.floor(values + 0.5) if is_whole(image) else values, image)


def _field(height, width, seeds, stream):
    """Returns a smooth random field of mean 0 and deviation 1, `(height, width)`."""
    step = SMOOTHNESS / 3
    # The grid goes beyond the image by three deviations.
    points = np.arange(-9, math.ceil(1 / step) + 10) * step
    noise = (uniform(points.size**2, seeds, stream) - 0.5) * math.sqrt(12)

    def weights(side):
        places = (ops.arange(side, dtype="float32") + 0.5) / ops.cast(side, "float32")
        distance = (places[:, None] - ops.convert_to_tensor(points.astype("float32"))) / SMOOTHNESS
        curve = ops.exp(-(distance**2) / 2)
        return curve / ops.sqrt(ops.sum(curve**2, axis=1, keepdims=True))

    noise = ops.reshape(noise, (points.size, points.size))
    return ops.matmul(ops.matmul(weights(height), noise), ops.transpose(weights(width)))
