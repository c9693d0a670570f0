"""Where places go when an image is warped step by step, by the matrices of the steps.

A matrix takes a place in the result of a step to the place that it comes from. Places are
(x, y) in pixels from the upper left corner: the middle of the first pixel is (0.5, 0.5).
"""

import keras
import numpy as np
from keras import ops

from kerasbook.ops import widest_float


def stages_of(matrices):
    """Returns for each stage the matrix from the final picture to it, the source's first.

    Args:
        matrices: Floats `(batch, steps, 8)`, as from `program.matrices_of`.

    Returns:
        List of steps + 1 tensors `(batch, 3, 3)`; the last, of the final picture, is the identity.
    """
    square = _squares(matrices)
    last = ops.zeros_like(square[:, 0]) + ops.eye(3, dtype=square.dtype)
    stages = [last]
    for step in reversed(range(square.shape[1])):
        stages.insert(0, ops.matmul(square[:, step], stages[0]))
    return stages


def moved_points(points, matrices, height, width):
    """Moves places as the steps move the pixels under them.

    Args:
        points: Floats `(batch, count, 2)`, (x, y) in pixels.
        matrices: Floats `(batch, steps, 8)`.
        height: Height of the images in pixels.
        width: Their width.

    Returns:
        The places after the last step, of the shape of `points`, and which of them were within
        the image all the time, booleans `(batch, count)`.
    """
    square = _squares(matrices)
    height, width = ops.cast(height, points.dtype), ops.cast(width, points.dtype)
    visible = inside(points, height, width)
    for step in range(square.shape[1]):
        # The adjugate, transposed: the inverse but for a factor.
        a, b, c = ops.unstack(square[:, step], 3, axis=1)
        forward = ops.stack([_cross(b, c), _cross(c, a), _cross(a, b)], axis=1)
        x, y, scale = ops.unstack(ops.matmul(_homogeneous(points), forward), 3, axis=-1)
        points = ops.stack([x, y], axis=-1) / scale[..., None]
        visible = visible & inside(points, height, width)
    return points, visible


def seen_through(points, window, size):
    """Returns places as seen through a window that becomes a whole image.

    Args:
        points: Floats `(..., 2)`, (x, y) in pixels.
        window: Upper and left edge, height and width of the window in pixels, `(..., 4)`.
        size: Height and width of what becomes of it.

    Returns:
        Floats of the shape of `points`.
    """
    upper, left, tall, wide = ops.unstack(ops.cast(window, points.dtype), 4, axis=-1)
    height, width = (ops.cast(side, points.dtype) for side in size)
    scale = ops.stack([width / wide, height / tall], axis=-1)
    return (points - ops.stack([left, upper], axis=-1)) * scale


def visible_parts(boxes, matrices, height, width):
    """Finds what is left to see of boxes after all steps.

    What is lost at the border in one step does not come back in the next. The part of a box
    that is left is convex: the intersection of half-planes, four of the box and four of the
    image after each step, all seen from the final picture. Each of its sides is what the other
    half-planes leave of one's own border, and its corners are the ends of its sides.

    Args:
        boxes: Floats `(batch, count, 4)`: left, upper, right, lower in pixels, in the image.
        matrices: Floats `(batch, steps, 8)`.
        height: Height of the images in pixels.
        width: Their width.

    Returns:
        The smallest boxes around the visible parts, of the shape of `boxes`, and the fractions
        of the original areas that are visible, `(batch, count)`; 0 where there was no area.
    """
    source, *stages = stages_of(matrices)
    width, height = ops.cast(width, boxes.dtype), ops.cast(height, boxes.dtype)
    image = ops.stack([0 * width, 0 * height, width, height])[None, None]
    planes = [ops.matmul(_half_planes(boxes), source[:, None])]
    planes += [ops.matmul(_half_planes(image), stage[:, None]) for stage in stages]
    everywhere = ops.zeros_like(boxes[..., :1, None])
    planes = ops.concatenate([planes[0], *(p + everywhere for p in planes[1:])], axis=2)
    start, end, exists = _sides(planes)
    exists = exists[..., None]
    low = ops.min(ops.where(exists, ops.minimum(start, end), np.inf), axis=2)
    high = ops.max(ops.where(exists, ops.maximum(start, end), -np.inf), axis=2)
    # The area in the source, about the middle of the box, is a sum over the sides.
    middle = (boxes[..., None, :2] + boxes[..., None, 2:]) / 2
    (x, y), (next_x, next_y) = (
        ops.unstack(_through(points, source) - middle, 2, axis=-1) for points in (start, end)
    )
    twice = ops.where(exists[..., 0], x * next_y - y * next_x, 0)
    visible = ops.abs(ops.sum(twice, axis=-1)) / 2
    area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    fraction = ops.where(area > 0, visible / ops.where(area > 0, area, 1), 0)
    return ops.concatenate([low, high], axis=-1), fraction


def _squares(matrices):
    """Returns matrices with their ninth number, `(batch, steps, 3, 3)`."""
    matrices = ops.cast(matrices, widest_float())
    nine = ops.concatenate([matrices, ops.ones_like(matrices[..., :1])], axis=-1)
    return ops.reshape(nine, (-1, matrices.shape[1], 3, 3))


def _homogeneous(points):
    return ops.concatenate([points, ops.ones_like(points[..., :1])], axis=-1)


def _through(points, matrix):
    """Returns points `(batch, count, sides, 2)` through matrices `(batch, 3, 3)`."""
    moved = ops.matmul(_homogeneous(points), ops.transpose(matrix, (0, 2, 1))[:, None])
    return moved[..., :2] / moved[..., 2:]


def _cross(a, b):
    (a, b, c), (d, e, f) = ops.unstack(a, 3, axis=-1), ops.unstack(b, 3, axis=-1)
    return ops.stack([b * f - c * e, c * d - a * f, a * e - b * d], axis=-1)


def inside(points, height, width):
    """Tells which places `(..., 2)` are within an image."""
    x, y = points[..., 0], points[..., 1]
    return (x >= 0) & (x <= width) & (y >= 0) & (y <= height)


def _half_planes(boxes):
    """Returns the (a, b, c) with `ax + by + c >= 0` inside boxes, `(batch, count, 4, 3)`."""
    left, upper, right, lower = ops.unstack(boxes, 4, axis=-1)
    one, zero = ops.ones_like(left), ops.zeros_like(left)
    planes = [(one, zero, -left), (-one, zero, right), (zero, one, -upper), (zero, -one, lower)]
    return ops.stack([ops.stack(plane, axis=-1) for plane in planes], axis=-2)


def _sides(planes):
    """Returns the sides of the intersection of half-planes.

    Args:
        planes: Floats `(..., planes, 3)`.

    Returns:
        Where the sides on the planes' borders start and end, `(..., planes, 2)` each, and
        which of the borders have a side at all, `(..., planes)`.
    """
    tiny = np.finfo(keras.backend.standardize_dtype(planes.dtype)).tiny ** 0.5
    planes = planes / ops.maximum(ops.norm(planes[..., :2], axis=-1, keepdims=True), tiny)
    normal, offset = planes[..., :2], planes[..., 2]
    origin = -offset[..., None] * normal
    along = ops.stack([normal[..., 1], -normal[..., 0]], axis=-1)
    # For border i at `origin + t * along`, half-plane j leaves `height + t * slope >= 0`.
    others = ops.swapaxes(normal, -1, -2)
    slope, height = ops.matmul(along, others), ops.matmul(origin, others) + offset[..., None, :]
    nearly = 100 * np.finfo(keras.backend.standardize_dtype(planes.dtype)).eps
    parallel = ops.abs(slope) <= nearly
    crossing = -height / ops.where(parallel, 1, slope)
    start = ops.max(ops.where(parallel | (slope < 0), -np.inf, crossing), axis=-1)
    end = ops.min(ops.where(parallel | (slope > 0), np.inf, crossing), axis=-1)
    # Of parallel half-planes that look to the same side only the narrowest has a side, once;
    # of those that look to opposite sides none, if nothing is between them.
    same = ops.matmul(normal, others) > 0
    mine, other = offset[..., :, None], offset[..., None, :]
    number = np.arange(planes.shape[-2])
    wider = (other < mine) | ((other == mine) & (number < number[:, None]))
    hidden = ops.any(parallel & ops.where(same, wider, height < 0), axis=-1)
    exists = (end > start) & ops.logical_not(hidden)
    start, end = (origin + ops.where(exists, t, 0)[..., None] * along for t in (start, end))
    return start, end, exists
