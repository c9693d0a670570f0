"""Operations that cover parts of the image: random rectangles, and the holes of a grid.

For the same further draws, what a level covers is covered by every greater one.
"""

from keras import ops

from kerasbook.augmentation.operations.masks import inside
from kerasbook.augmentation.operations.noise import noise_like, uniform
from kerasbook.augmentation.operations.values import image_size

# Random erasing draws the height of its rectangle as up to this many times the width.
MOST_ASPECT = 1 / 0.3
NUM_RECTANGLES = 8


def erase(magnitude, chance, height, width):
    """A rectangle of an area that is a fraction of the image's, of random aspect and place."""
    return _rectangle(magnitude, [chance[..., i] for i in range(3)], height, width)


def erase_with_noise(magnitude, chance, height, width):
    """The rectangle of `erase`, and two seeds."""
    return *erase(magnitude, chance, height, width), chance[..., 3], chance[..., 4]


def fill_with_noise(image, parameters, scene):
    """The image with one rectangle full of noise: its edges in pixels, and two seeds."""
    covered = inside(image, [parameters[i] for i in range(4)])
    return ops.where(covered, noise_like(image, parameters[4:]), image)


def coarse_dropout(image, parameters, scene):
    """Eight random rectangles filled, in all at most a fraction of the image."""
    edges, _ = _several(image, parameters)
    for one in edges:
        image = ops.where(inside(image, one), ops.cast(scene.fill_value, image.dtype), image)
    return image


def coarse_dropout_in_color(image, parameters, scene):
    """Eight random rectangles, each filled with a random color."""
    edges, colors = _several(image, parameters)
    for one, color in zip(edges, ops.unstack(colors, NUM_RECTANGLES), strict=True):
        image = ops.where(inside(image, one), ops.cast(color, image.dtype), image)
    return image


def grid_mask(image, parameters, scene):
    """The image with square holes filled: period, side and first place in pixels."""
    height, width, _ = image_size(image)
    period, side, left, upper = ops.unstack(ops.cast(parameters[:4], "int32"), 4)

    def covered(count, start):
        return (ops.arange(count, dtype="int32") + start) % period < side

    holes = ops.logical_and(covered(height, upper)[:, None], covered(width, left))
    return ops.where(holes[..., None], ops.cast(scene.fill_value, image.dtype), image)


def grid_of(magnitude, chance, height, width):
    """A grid of a random period and place, whose holes have a fraction of the period's side.

    The period is 96/224 of the image's shorter side or more, up to all of it.
    """
    shorter = ops.cast(ops.minimum(height, width), magnitude.dtype)
    period = ops.floor(shorter * (96 + 128 * chance[..., 0]) / 224) + 1
    side = ops.floor(magnitude * period + 0.5)
    left, upper = (ops.floor(chance[..., i] * period) for i in (1, 2))
    return period, side, left, upper


def _rectangle(area, chances, height, width):
    """Returns left, upper, right and lower edge; numbers in [0, 1) say aspect and place."""
    aspect, across, down = chances
    height, width = (ops.cast(side, area.dtype) for side in (height, width))
    aspect = MOST_ASPECT ** (2 * aspect - 1)
    tall = ops.minimum(ops.floor(ops.sqrt(area * height * width * aspect) + 0.5), height)
    wide = ops.minimum(ops.floor(ops.sqrt(area * height * width / aspect) + 0.5), width)
    left = ops.floor(across * (width - wide + 1))
    upper = ops.floor(down * (height - tall + 1))
    return left, upper, left + wide, upper + tall


def _several(image, parameters):
    """Returns the edges of all rectangles, and a color for each, `(rectangles, channels)`."""
    height, width, channels = image_size(image)
    numbers = uniform(NUM_RECTANGLES * (3 + channels), parameters[1:])
    numbers = ops.reshape(numbers, (NUM_RECTANGLES, 3 + channels))
    area = parameters[0] / NUM_RECTANGLES
    edges = [
        _rectangle(area, [numbers[i, k] for k in range(3)], height, width)
        for i in range(NUM_RECTANGLES)
    ]
    return edges, ops.floor(256 * numbers[:, 3:])
