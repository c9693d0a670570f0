"""The base of crops: layers whose images have another size than what comes in."""

from keras import ops

from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.augmentation.features import as_batch
from kerasbook.augmentation.operations.values import image_size, is_whole
from kerasbook.layers.arguments import positive_integer
from kerasbook.ops import compiled, map_images, rows_at


class Crop(Augmentation):
    """Base of the layers that cut an image to a size: at random in training, else the middle.

    A crop has no level, so `strength` changes nothing. What belongs to places in the image
    (bounding boxes, segmentation masks, keypoints) is an error.

    Args:
        height: Height of the result in pixels.
        width: Width of the result in pixels.
        **kwargs: As in `Augmentation`: `seed` and so on.
    """

    def __init__(self, height, width, **kwargs):
        super().__init__(**kwargs)
        self.height = positive_integer("height", height)
        self.width = positive_integer("width", width)
        self._compiled = (compiled(self.crop),)  # in a tuple, which Keras does not track

    def crop(self, images, drawn):
        """Returns crops of images `(batch, height, width, channels)`, as drawn."""
        raise NotImplementedError

    def center(self, images):
        """Returns the middle of images."""
        height, width = ops.shape(images)[1:3]
        upper, left = (height - self.height) // 2, (width - self.width) // 2
        return images[:, upper : upper + self.height, left : left + self.width]

    def transform(self, batch, drawn):
        _check(batch, self.height, self.width, self.margin)
        return {**batch, "images": self._compiled[0](batch["images"], drawn)}

    @property
    def margin(self):
        """How many pixels come to each side of the image before it is cropped; `None` is any."""
        return 0

    def call(self, inputs, training=False):
        if training:
            return super().call(inputs, training=True)
        batch, restore = as_batch(inputs, self.needs_batch)
        _check(batch, self.height, self.width, None if self.margin is None else 0)
        # Not compiled, as exports hold it.
        return restore({**batch, "images": self.center(batch["images"])})

    def compute_output_shape(self, input_shape):
        if isinstance(input_shape, dict):
            return {**input_shape, "images": self.compute_output_shape(input_shape["images"])}
        return (*input_shape[:-3], self.height, self.width, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width}


def windows(images, upper, left, height, width):
    """Returns one window of each image, all of one size, from rows and columns `(batch,)`."""
    channels = images.shape[-1]

    def window(image, upper, left):
        return ops.slice(image, (upper, left, 0), (height, width, channels))

    return map_images(window, images, upper, left, shape=(height, width, channels))


def resized_windows(images, boxes, height, width):
    """Returns windows of images, brought to one size by linear interpolation.

    Args:
        images: Tensor `(batch, height, width, channels)`.
        boxes: Upper and left edge, height and width of each window in whole pixels, `(batch, 4)`.
        height: Height of the result.
        width: Width of the result.

    Returns:
        Tensor `(batch, height, width, channels)` of the dtype of `images`.
    """
    channels = images.shape[-1]

    def resized(image, box):
        _, columns, _ = image_size(image)
        above, below, part = _between(box[0], box[2], height)
        rows = _blend(rows_at(image, above), rows_at(image, below), part[:, None, None])
        before, after, part = _between(box[1], box[3], width)
        pixels = ops.reshape(rows, (-1, channels))
        start = ops.arange(height, dtype="int32")[:, None] * columns
        values = _blend(
            rows_at(pixels, start + before), rows_at(pixels, start + after), part[:, None]
        )
        whole = is_whole(image)
        values = ops.clip(ops.floor(values + 0.5), 0, 255) if whole else values
        return ops.cast(values, image.dtype)

    return map_images(resized, images, boxes, shape=(height, width, channels))


def _between(start, size, count):
    """Returns, for each of `count` places in a line's part, its neighbours and the way between."""
    start, size = ops.cast(start, "float32"), ops.cast(size, "float32")
    last = start + size - 1
    place = start + (ops.arange(count, dtype="float32") + 0.5) * (size / count) - 0.5
    place = ops.clip(place, start, last)
    before = ops.floor(place)
    after = ops.minimum(before + 1, last)
    return ops.cast(before, "int32"), ops.cast(after, "int32"), place - before


def _blend(first, second, part):
    first, second = ops.cast(first, "float32"), ops.cast(second, "float32")
    return first + part * (second - first)


def _check(batch, height, width, margin):
    """Raises a `ValueError` for features that no crop changes, and for too small images."""
    places = sorted({"bounding_boxes", "segmentation_masks", "keypoints"} & set(batch))
    if places:
        raise ValueError(f"`inputs` must have no places in the images. Received: {places}")
    shape = tuple(batch["images"].shape)
    if margin is None or None in shape[1:3]:
        return
    if shape[1] + 2 * margin < height or shape[2] + 2 * margin < width:
        raise ValueError(
            f"`images` must be {height} x {width} pixels or more, the padding counted. "
            f"Received: shape={shape}, padding={margin}"
        )
