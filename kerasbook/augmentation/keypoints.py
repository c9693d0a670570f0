"""Keypoints: how they follow an image that is warped."""

import keras
from keras import ops

from kerasbook.augmentation.projection import inside, moved_points, seen_through
from kerasbook.ops import widest_float


def moved_keypoints(keypoints, matrices, height, width):
    """Moves keypoints with the pixels under them.

    Those that leave the image keep their coordinates, which then lie outside. Of keypoints
    with a third number, the visibility of COCO (0 for a point that is not labelled), those
    that left have 0 there, and those that have 0 stay as they are.

    Args:
        keypoints: Tensor `(batch, count, 2)` or `(batch, count, 3)`: x and y in pixels from the
            upper left corner, so that the middle of the first pixel is (0.5, 0.5), and maybe
            the visibility. Integers are rounded.
        matrices: Floats `(batch, steps, 8)`, as from `program.matrices_of`.
        height: Height of the images in pixels.
        width: Their width.

    Returns:
        Tensor of the same shape and dtype.
    """
    points = ops.cast(keypoints[..., :2], widest_float())
    points, visible = moved_points(points, matrices, height, width)
    return _as_given(keypoints, points, visible)


def cropped_keypoints(keypoints, window, size):
    """Moves keypoints with the pixels of a window that becomes the whole image.

    Args:
        keypoints: As in `moved_keypoints`, which says what becomes of those that leave.
        window: Upper and left edge, height and width of each window in pixels, `(batch, 4)`.
        size: Height and width of what becomes of the windows.

    Returns:
        Tensor of the same shape and dtype.
    """
    points = ops.cast(keypoints[..., :2], widest_float())
    points = seen_through(points, window[:, None], size)
    return _as_given(keypoints, points, inside(points, *size))


def _as_given(keypoints, points, visible):
    """Returns places in the shape and dtype of keypoints, with what their visibility has become."""
    dtype = keras.backend.standardize_dtype(keypoints.dtype)
    if not keras.backend.is_float_dtype(dtype):
        points = ops.round(points)
    points = ops.cast(points, dtype)
    if keypoints.shape[-1] == 2:
        return points
    visibility = keypoints[..., 2:]
    left = ops.where(visible[..., None], visibility, ops.zeros_like(visibility))
    moved = ops.concatenate([points, left], axis=-1)
    return ops.where(visibility == 0, keypoints, moved)
