"""Distances between points."""

from keras import ops

from kerasbook.ops.images import widest_float


def squared_distances(points, centers):
    """Returns the squared Euclidean distance of each point to each center.

    `|x|^2 - 2 x.c + |c|^2` is one product of matrices, but in float32 it leaves no digit of points
    that are close to each other and far from the origin. So it is taken around the mean of the
    centers and in float64. Where there is no float64, on JAX, the differences are squared, which
    XLA sums without keeping them.

    Args:
        points: Float tensor `(..., features)`.
        centers: Float tensor `(count, features)` of the same dtype.

    Returns:
        Tensor `(..., count)` of that dtype.
    """
    wide = widest_float()
    if wide == "float32":
        differences = ops.expand_dims(points, -2) - centers  # (..., count, features)
        return ops.sum(ops.square(differences), -1)
    x, c = ops.cast(points, wide), ops.cast(centers, wide)
    middle = ops.mean(c, 0)
    x, c = x - middle, c - middle
    products = ops.matmul(x, ops.transpose(c))  # (..., count)
    lengths = ops.sum(ops.square(x), -1, keepdims=True) + ops.sum(ops.square(c), -1)
    return ops.cast(ops.maximum(lengths - 2 * products, 0), points.dtype)
