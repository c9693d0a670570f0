"""Small steps of image kernels that Keras' operations lack, or do with more work than needed."""

import keras
from keras import ops

_COUNTS = 8  # a power of two


def map_images(function, images, *operands, shape=None):
    """Applies a function to one image after the other.

    Under XLA that is one loop, in which `keras.ops.switch` runs one branch for each image.

    Args:
        function: Function of an image and of one row of each operand; returns an image of the
            same dtype.
        images: Tensor `(batch, ...)`.
        *operands: Tensors `(batch, ...)`.
        shape: Shape of an image of the result; `None` is that of `images`.

    Returns:
        Tensor of the dtype of `images`.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.map_fn(
            lambda row: function(*row),
            (images, *operands),
            fn_output_signature=tf.TensorSpec(shape or images.shape[1:], images.dtype),
        )
    return ops.map(lambda row: function(*row), (images, *operands))


def rows_at(values, indices):
    """Returns `values[indices]` for indices that are all within range.

    Args:
        values: Tensor `(count, ...)`.
        indices: Integer tensor of any shape, none negative, all below `count`.

    Returns:
        Tensor `(*indices.shape, ...)`.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.gather(values, indices)
    return ops.take(values, indices, axis=0)


def count_values(values, size):
    """Counts how often each integer from 0 to `size - 1` occurs.

    Args:
        values: Integer tensor, all of its values in [0, size).
        size: How many counts.

    Returns:
        Int32 tensor `(size,)`.
    """
    # Unlike `ops.bincount`, a scatter of ones compiles under XLA, in a loop and on JAX. Values
    # in turn go to one of several counts, so that no addition waits for the one before.
    turn = ops.bitwise_and(ops.arange(ops.shape(values)[-1], dtype="int32"), _COUNTS - 1)
    place = ops.reshape(values + size * turn, (-1, 1))
    ones = ops.ones_like(place[:, 0], dtype="int32")
    return ops.sum(
        ops.reshape(ops.scatter(place, ones, (_COUNTS * size,)), (_COUNTS, size)), axis=0
    )


def kept(values):
    """Returns a vector as it is, computed once.

    XLA would put the computation of a table into each look-up, and repeat it for each pixel;
    it does not look through a scatter.
    """
    places = ops.arange(values.shape[0])[:, None]
    return ops.scatter(places, values, values.shape)


def widest_float():
    """Returns the dtype for numbers that must be as exact as the backend allows."""
    return "float32" if keras.backend.backend() == "jax" else "float64"
