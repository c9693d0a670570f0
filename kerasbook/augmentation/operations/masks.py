"""Operations that cover a part of the image, or mix it with another."""

from keras import ops

from kerasbook.augmentation.operations.values import blended, image_size


def fill_rectangle(image, parameters, scene):
    """The image with one rectangle filled: left, upper, right and lower edge in pixels."""
    covered = inside(image, [parameters[i] for i in range(4)])
    return ops.where(covered, ops.cast(scene.fill_value, image.dtype), image)


def inside(image, edges):
    """Tells which pixels are between edges (left, upper, right, lower), `(height, width, 1)`."""
    height, width, _ = image_size(image)
    left, upper, right, lower = (ops.cast(edge, "float32") for edge in edges)
    x = ops.arange(width, dtype="float32")
    y = ops.arange(height, dtype="float32")[:, None]
    across = ops.logical_and(x >= left, x < right)
    covered = ops.logical_and(across, ops.logical_and(y >= upper, y < lower))
    return covered[..., None]


def cutout(magnitude, chance, height, width):
    """A square about a random pixel, its side a fraction of the image's shorter side."""
    height, width = (ops.cast(side, magnitude.dtype) for side in (height, width))
    side = ops.floor(magnitude * ops.minimum(height, width) + 0.5)
    left = ops.floor(chance[..., 0] * width) - ops.floor(side / 2)
    upper = ops.floor(chance[..., 1] * height) - ops.floor(side / 2)
    return left, upper, left + side, upper + side


def mix_with_another(image, parameters, scene):
    """A blend with another image of the batch, named by its distance as a fraction of it."""
    count = ops.shape(scene.images)[0]
    distance = 1 + ops.cast(parameters[1] * ops.cast(count - 1, parameters.dtype), "int32")
    another = ops.cast(ops.take(scene.images, (scene.index + distance) % count, axis=0), "float32")
    return blended(ops.cast(image, "float32"), another, parameters[0], image)


def another_image(magnitude, chance, height, width):
    """The weight of the other image, and which one it is."""
    return magnitude, chance[..., 0] + 0 * magnitude
