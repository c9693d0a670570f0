"""The base of crops: layers whose images have another size than what comes in."""

from keras import ops

from kerasbook.augmentation import places
from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.augmentation.boxes import BOX_FORMATS
from kerasbook.augmentation.features import as_batch
from kerasbook.augmentation.operations.values import image_size, is_whole
from kerasbook.layers.arguments import one_of, positive_integer, rate_below_one
from kerasbook.ops import compiled, map_images, rows_at


class Crop(Augmentation):
    """Base of the layers that cut an image to a size: at random in training, else the middle.

    A crop has no level, so `strength` changes nothing. Bounding boxes, segmentation masks and
    keypoints move with the image, as `ImageAugmentation` says.

    Args:
        height: Height of the result in pixels.
        width: Width of the result in pixels.
        fill_label: As in `ImageAugmentation`.
        bounding_box_format: As in `ImageAugmentation`.
        min_visibility: As in `ImageAugmentation`.
        **kwargs: As in `Augmentation`: `seed` and so on.
    """

    operations = ()

    def __init__(
        self,
        height,
        width,
        *,
        fill_label=0,
        bounding_box_format="rel_yxyx",
        min_visibility=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.height = positive_integer("height", height)
        self.width = positive_integer("width", width)
        self.fill_label = places.fill_label_of(fill_label)
        self.bounding_box_format = one_of("bounding_box_format", bounding_box_format, BOX_FORMATS)
        self.min_visibility = rate_below_one("min_visibility", min_visibility)
        self._compiled = (compiled(self._run),)  # in a tuple, which Keras does not track

    @property
    def margin(self):
        """How many pixels come to each side of the image before it is cropped; `None` is any."""
        return 0

    def window(self, size, drawn):
        """Returns upper and left edge, height and width of windows in pixels, as drawn.

        Args:
            size: Height and width of the images.
            drawn: Numbers in [0, 1), `(batch, num_draws)`.

        Returns:
            Whole numbers, float32 `(batch, 4)`.
        """
        raise NotImplementedError

    def center_window(self, size):
        """Returns the window in the middle, four numbers."""
        height, width = size
        return (height - self.height) // 2, (width - self.width) // 2, self.height, self.width

    def cut(self, images, window, is_mask=False):
        """Returns what windows show of images or masks `(batch, height, width, channels)`."""
        raise NotImplementedError

    def center(self, images, is_mask=False):
        """Returns what the window in the middle shows."""
        upper, left, height, width = self.center_window(ops.shape(images)[1:3])
        return images[:, upper : upper + height, left : left + width]

    def transform(self, batch, drawn):
        self._check(batch, self.margin)
        (run,) = self._compiled
        return self._result(batch, *run(batch["images"], places.masks_of(batch), drawn))

    def _run(self, images, masks, drawn):
        window = self.window(ops.shape(images)[1:3], drawn)
        masks = [self.cut(mask, window, is_mask=True) for mask in masks]
        return self.cut(images, window), masks, window

    def at_center(self, batch):
        """Returns a batch of which only the middle is left."""
        self._check(batch, None if self.margin is None else 0)
        images = batch["images"]
        # Not compiled, as exports hold it.
        masks = [self.center(mask, is_mask=True) for mask in places.masks_of(batch)]
        window = [ops.cast(n, "float32") for n in self.center_window(ops.shape(images)[1:3])]
        window = ops.tile(ops.stack(window)[None], (ops.shape(images)[0], 1))
        return self._result(batch, self.center(images), masks, window)

    def call(self, inputs, training=False):
        if training:
            return super().call(inputs, training=True)
        batch, restore = as_batch(inputs, self.needs_batch)
        return restore(self.at_center(batch))

    def _result(self, batch, images, masks, window):
        size = self.height, self.width
        moved = places.cropped(batch, masks, window, size, self)
        return {**batch, "images": images, **moved}

    def _check(self, batch, margin):
        """Raises a `ValueError` for too small images, and for places that are none."""
        if places.has_places(batch):
            places.check(batch, self)
        shape = tuple(batch["images"].shape)
        if margin is None or None in shape[1:3]:
            return
        if shape[1] + 2 * margin < self.height or shape[2] + 2 * margin < self.width:
            raise ValueError(
                f"`images` must be {self.height} x {self.width} pixels or more, the padding "
                f"counted. Received: shape={shape}, padding={margin}"
            )

    def compute_output_shape(self, input_shape):
        if not isinstance(input_shape, dict):
            return (*input_shape[:-3], self.height, self.width, input_shape[-1])
        result = {**input_shape, "images": self.compute_output_shape(input_shape["images"])}
        if "segmentation_masks" in result:
            shape, start = result["segmentation_masks"], len(input_shape["images"]) - 3
            result["segmentation_masks"] = (
                *shape[:start],
                self.height,
                self.width,
                *shape[start + 2 :],
            )
        return result

    def get_config(self):
        names = ("height", "width", "fill_label", "bounding_box_format", "min_visibility")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def windows(images, upper, left, height, width):
    """Returns one window of each image, all of one size, from rows and columns `(batch,)`."""
    channels = images.shape[-1]

    def window(image, upper, left):
        return ops.slice(image, (upper, left, 0), (height, width, channels))

    return map_images(window, images, upper, left, shape=(height, width, channels))


def resized_windows(images, boxes, height, width, is_mask=False):
    """Returns windows of images, brought to one size by linear interpolation.

    Of masks each place takes the nearest pixel.

    Args:
        images: Tensor `(batch, height, width, channels)`.
        boxes: Upper and left edge, height and width of each window in whole pixels, `(batch, 4)`.
        height: Height of the result.
        width: Width of the result.
        is_mask: Whether these are masks.

    Returns:
        Tensor `(batch, height, width, channels)` of the dtype of `images`.
    """
    channels = images.shape[-1]

    def nearest(mask, box):
        line = _nearest(box[0], box[2], height)
        return ops.take(rows_at(mask, line), _nearest(box[1], box[3], width), axis=1)

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

    function = nearest if is_mask else resized
    return map_images(function, images, boxes, shape=(height, width, channels))


def _nearest(start, size, count):
    """Returns, for each of `count` places in a line's part, the pixel that holds its middle."""
    start, size = ops.cast(start, "float32"), ops.cast(size, "float32")
    place = (ops.arange(count, dtype="float32") + 0.5) * (size / count)
    return ops.cast(start + ops.minimum(ops.floor(place), size - 1), "int32")


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
