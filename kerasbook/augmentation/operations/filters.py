"""Operations that smooth the image, along columns and rows, mirrored beyond its borders."""

from keras import ops

from kerasbook.augmentation.operations.values import image_size, is_whole, stored


def gaussian_blur(image, parameters, scene):
    """The image smoothed by a normal curve of a deviation in pixels."""
    # At the least deviation the curve is 1 at 0, and 0 one pixel on.
    deviation = ops.maximum(parameters[0], 0.01)
    return _smoothed(image, lambda distance: ops.exp(-((distance / deviation) ** 2) / 2))


def box_blur(image, parameters, scene):
    """The mean over a square that reaches a radius in pixels to all sides, in parts of pixels."""
    return _smoothed(image, lambda distance: ops.clip(parameters[0] + 1 - abs(distance), 0, 1))


def _smoothed(image, curve):
    """Returns the image smoothed by a function of the distance in pixels."""
    height, width, channels = image_size(image)
    # A product of matrices is as fast as a sum over some ten neighbours, for any reach.
    rows = ops.reshape(ops.cast(image, "float32"), (height, width * channels))
    rows = ops.matmul(_weights(height, curve), rows)
    columns = ops.transpose(ops.reshape(rows, (height, width, channels)), (1, 0, 2))
    columns = ops.reshape(columns, (width, height * channels))
    columns = ops.matmul(_weights(width, curve), columns)
    result = ops.transpose(ops.reshape(columns, (width, height, channels)), (1, 0, 2))
    return stored(ops.floor(result + 0.5) if is_whole(image) else result, image)


def _weights(size, curve):
    """Returns how much each pixel of a line takes from each other, `(size, size)`."""
    place = ops.arange(size, dtype="float32")
    end = ops.cast(size - 1, "float32")
    here = place[:, None]
    weights = curve(here - place)
    weights = weights + ops.where(place > 0, curve(here + place), 0)
    weights = weights + ops.where(place < end, curve(2 * end - place - here), 0)
    return weights / ops.sum(weights, axis=1, keepdims=True)
