"""Operations on what is inside the bounding boxes alone."""

from keras import ops

from kerasbook.augmentation.operations.values import image_size

# Each box is changed by a coin of its own: all of them at once would change too much.
RATE = 1 / 3
_GOLDEN = 0.6180339887498949


def translate_y_only_boxes(image, parameters, scene):
    """The contents of some of the boxes move up within their boxes; the boxes stay.

    A box holds the pixels whose middles it holds. Each box is drawn with probability 1/3, by
    numbers that are spread evenly over the boxes.
    """
    if scene.boxes is None:
        return image
    height, width, _ = image_size(image)
    count = ops.shape(scene.boxes)[0]
    shift = ops.cast(ops.round(parameters[0]), "int32")
    coins = (parameters[1] + _GOLDEN * ops.cast(ops.arange(count), parameters.dtype)) % 1.0
    sizes = scene.boxes[:, 2:] - scene.boxes[:, :2]
    drawn = (coins < RATE) & ops.all(sizes > 0, axis=-1)
    edges = scene.boxes - 0.5  # of the middles of pixels, counted from 0
    x, y = ops.arange(width, dtype="int32"), ops.arange(height, dtype="int32")[:, None]

    def change(number, image):
        def moved():
            left, upper, right, lower = (edges[number, i] for i in range(4))
            from_y = y + shift
            contents = ops.take(image, ops.clip(from_y[:, 0], 0, height - 1), axis=0)
            known = _between(from_y, upper, lower)[..., None]
            contents = ops.where(known, contents, ops.cast(scene.fill_value, image.dtype))
            inside = _between(x, left, right) & _between(y, upper, lower)
            return ops.where(inside[..., None], contents, image)

        return ops.cond(drawn[number], moved, lambda: image)

    return ops.fori_loop(0, count, change, image)


def shift_and_coin(magnitude, chance, height, width):
    """The shift in pixels, of a fraction of the image's height, and the number for the coins."""
    return magnitude * ops.cast(height, magnitude.dtype), chance[..., 0] + 0 * magnitude


def _between(places, start, end):
    places = ops.cast(places, start.dtype)
    return (places >= start) & (places < end)
