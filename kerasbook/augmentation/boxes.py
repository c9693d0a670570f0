"""Bounding boxes: their formats, and how they follow an image that is warped."""

import keras
import numpy as np
from keras import ops

from kerasbook.augmentation.projection import seen_through, visible_parts
from kerasbook.ops import widest_float

# The names are Keras'; "rel_yxyx" is the one of TensorFlow Datasets.
BOX_FORMATS = (
    *("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw"),
    *("rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"),
)
_Y_FIRST = ("yxyx", "center_yxhw", "rel_yxyx")
# A part of a box that is no larger, as a fraction of its area, is what rounding left of it.
_NOTHING = 1e-5


def to_pixels(boxes, box_format, height, width):
    """Returns boxes as left, upper, right and lower edge in pixels, in the widest floats.

    Args:
        boxes: Tensor `(..., 4)`.
        box_format: One of `BOX_FORMATS`, as in `keras.utils.bounding_boxes`.
        height: Height of the images in pixels.
        width: Their width.
    """
    a, b, c, d = ops.unstack(ops.cast(boxes, widest_float()), 4, axis=-1)
    if box_format in _Y_FIRST:
        a, b, c, d = b, a, d, c
    if box_format.startswith("rel_"):
        width, height = ops.cast(width, a.dtype), ops.cast(height, a.dtype)
        a, b, c, d = a * width, b * height, c * width, d * height
    if "center" in box_format:
        a, b = a - c / 2, b - d / 2
    if box_format.endswith(("wh", "hw")):
        c, d = a + c, b + d
    return ops.stack([a, b, c, d], axis=-1)


def from_pixels(boxes, box_format, height, width, dtype):
    """Returns boxes of a format and dtype from their edges in pixels: `to_pixels` undone.

    Integers are rounded.
    """
    a, b, c, d = ops.unstack(boxes, 4, axis=-1)
    if box_format.endswith(("wh", "hw")):
        c, d = c - a, d - b
    if "center" in box_format:
        a, b = a + c / 2, b + d / 2
    if box_format.startswith("rel_"):
        width, height = ops.cast(width, a.dtype), ops.cast(height, a.dtype)
        a, b, c, d = a / width, b / height, c / width, d / height
    if box_format in _Y_FIRST:
        a, b, c, d = b, a, d, c
    boxes = ops.stack([a, b, c, d], axis=-1)
    whole = not keras.backend.is_float_dtype(dtype)
    return ops.cast(ops.round(boxes) if whole else boxes, dtype)


def moved_boxes(boxes, labels, matrices, height, width, *, box_format, min_visibility=0.0):
    """Moves boxes with the pixels in them.

    A box becomes the smallest one around what is left to see of it: what has left the image,
    were it in a step before the last, does not count. Boxes are padding, as in Keras, where the
    label is -1: those that are, stay as they are; those of which nothing is left, or no more
    than `min_visibility` of their area, become so, with 0 in all four numbers.

    Args:
        boxes: Tensor `(batch, count, 4)`; what is outside the image is cut off.
        labels: Tensor `(batch, count)`, signed integers or floats.
        matrices: Floats `(batch, steps, 8)`, as from `program.matrices_of`.
        height: Height of the images in pixels.
        width: Their width.
        box_format: One of `BOX_FORMATS`.
        min_visibility: Fraction of its area, in [0, 1), that a box must exceed to stay.

    Returns:
        Boxes and labels, of the same shapes and dtypes.
    """
    inside = _clipped(to_pixels(boxes, box_format, height, width), height, width)
    moved, visibility = visible_parts(inside, matrices, height, width)
    moved = from_pixels(moved, box_format, height, width, boxes.dtype)
    return _without_lost(boxes, labels, moved, visibility, min_visibility)


def cropped_boxes(boxes, labels, window, size, new_size, *, box_format, min_visibility=0.0):
    """Moves boxes with the pixels of a window that becomes the whole image.

    Args:
        boxes: As in `moved_boxes`.
        labels: As in `moved_boxes`.
        window: Upper and left edge, height and width of each window in pixels, `(batch, 4)`.
        size: Height and width of the images.
        new_size: Height and width of what becomes of the windows.
        box_format: One of `BOX_FORMATS`.
        min_visibility: As in `moved_boxes`.

    Returns:
        Boxes and labels, of the same shapes and dtypes.
    """
    inside = _clipped(to_pixels(boxes, box_format, *size), *size)
    corners = ops.reshape(inside, (*ops.shape(inside)[:2], 2, 2))
    whole = ops.reshape(seen_through(corners, window[:, None, None], new_size), ops.shape(inside))
    moved = _clipped(whole, *new_size)
    area = _area(whole)
    visibility = ops.where(area > 0, _area(moved) / ops.where(area > 0, area, 1), 0)
    moved = from_pixels(moved, box_format, *new_size, boxes.dtype)
    return _without_lost(boxes, labels, moved, visibility, min_visibility)


def _area(boxes):
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _without_lost(boxes, labels, moved, visibility, min_visibility):
    """Returns boxes and labels: those of which too little is left as padding, padding as it was."""
    padding = labels == -1
    lost = ops.logical_not(visibility > max(min_visibility, _NOTHING))
    moved = ops.where(lost[..., None], ops.zeros_like(boxes), moved)
    labels = ops.where(lost, -ops.ones_like(labels), labels)
    return ops.where(padding[..., None], boxes, moved), labels


def boxes_before(boxes, matrices, height, width):
    """Returns where boxes are before each step, those that are lost of no size.

    Args:
        boxes: Floats `(batch, count, 4)`: left, upper, right, lower in pixels.
        matrices: Floats `(batch, steps, 8)`.
        height: Height of the images in pixels.
        width: Their width.

    Returns:
        Tensor `(batch, steps, count, 4)`.
    """
    boxes = [_clipped(boxes, height, width)]
    for step in range(1, matrices.shape[1]):
        moved, visibility = visible_parts(boxes[0], matrices[:, :step], height, width)
        boxes.append(ops.where(visibility[..., None] > _NOTHING, moved, ops.zeros_like(moved)))
    return ops.stack(boxes, axis=1)


def require_within(boxes, labels, height, width, box_format):
    """Raises a `ValueError` unless all boxes, NumPy arrays, are within the image."""
    pixels = ops.convert_to_numpy(to_pixels(boxes, box_format, height, width))
    start, end = pixels[..., :2], pixels[..., 2:]
    size = np.array([width, height])
    slack = 1e-4 * size  # 32-bit floats of relative boxes are not exact
    good = (start >= -slack) & (start <= end + slack) & (end <= size + slack)
    bad = ~good.all(-1) & (np.asarray(labels) != -1)
    if bad.any():
        place = tuple(map(int, np.argwhere(bad)[0]))
        raise ValueError(
            "`bounding_boxes` must be within the image, in the format of `bounding_box_format`. "
            f"Received: boxes[{place[0]}, {place[1]}]={np.asarray(boxes)[place].tolist()} with "
            f"bounding_box_format={box_format!r} in an image of {width} x {height} pixels"
        )


def _clipped(boxes, height, width):
    """Returns boxes in pixels without what is outside the image."""
    limit = ops.cast(ops.stack([width, height, width, height]), boxes.dtype)
    return ops.minimum(ops.maximum(boxes, 0), limit)
