"""Pooling that Keras' operations lack, channels last."""

import keras
from keras import ops

from kerasbook.ops.convolution import conv_output_length
from kerasbook.ops.windows import same_margins, window_taps


def lp_pool(inputs, norm_type, pool_size, strides, padding):
    """Takes the Lp norm, `(sum |x|^p)^(1/p)`, of each window; its gradient at zero is zero.

    Args:
        inputs: Float tensor `(batch, height, width, channels)`.
        norm_type: The `p`, at least 1. The squares of 2 are added as they are; for all but 1 and
            2 each window is first divided by its greatest magnitude, so that nothing overflows.
        pool_size: Height and width of a window.
        strides: Pixels between neighbouring windows, downwards and to the right.
        padding: `"valid"` or `"same"`; what is padded counts as zero.

    Returns:
        Tensor `(batch, rows, columns, channels)` with the dtype of `inputs`; the powers are
        added in at least float32.
    """
    dtype = keras.backend.result_type(inputs.dtype, "float32")
    x = ops.cast(inputs, dtype)
    if padding == "same":
        sides = [
            same_margins(size, extent, stride)
            for size, extent, stride in zip(ops.shape(x)[1:3], pool_size, strides, strict=True)
        ]
        x = ops.pad(x, [(0, 0), *sides, (0, 0)])
    if norm_type not in (1, 2):
        outputs = _lp_pool_scaled(x, norm_type, pool_size, strides)
    elif keras.backend.backend() == "tensorflow":
        outputs = _lp_pool_tensorflow(x, norm_type, tuple(pool_size), tuple(strides))
    else:  # the slope of JAX's magnitude at zero is 1
        powers = ops.sign(x) * x if norm_type == 1 else ops.square(x)
        means = ops.average_pool(powers, pool_size, strides, data_format="channels_last")
        sums = means * (pool_size[0] * pool_size[1])
        none = ops.equal(sums, 0)  # a NaN is no zero, and stays
        outputs = ops.where(none, 0, ops.power(ops.where(none, 1, sums), 1 / norm_type))
    return ops.cast(outputs, inputs.dtype)


def _lp_pool_scaled(x, p, pool_size, strides):
    """The same without padding for any p: high powers need numbers near one.

    What each window is divided by cancels, so it takes no part in the gradient.
    """
    taps = [ops.abs(tap) for tap in window_taps(x, pool_size, strides, "valid", 0.0)]
    scale = ops.stop_gradient(taps[0])
    for tap in taps[1:]:
        scale = ops.maximum(scale, ops.stop_gradient(tap))
    scale = ops.where(ops.logical_and(scale > 0, scale < float("inf")), scale, 1)
    sums = ops.power(taps[0] / scale, p)
    for tap in taps[1:]:
        sums = sums + ops.power(tap / scale, p)
    none = ops.equal(sums, 0)
    return ops.where(none, 0, scale * ops.power(ops.where(none, 1, sums), 1 / p))


def _lp_pool_tensorflow(x, p, pool_size, strides):
    """The same without padding for a p of 1 or 2, its gradient written out."""
    import tensorflow as tf

    count = pool_size[0] * pool_size[1]
    tiled = strides == pool_size and all(
        size is not None and size % extent == 0
        for size, extent in zip(x.shape[1:3], pool_size, strict=True)
    )

    @tf.custom_gradient
    def pool(x):
        slopes = _slope_of_power(x, p)
        sums = count * tf.nn.avg_pool2d(slopes * x, pool_size, strides, "VALID")
        norms = tf.sqrt(sums) if p == 2 else sums

        def gradient(upstream):
            # The slope is x / y or the sign of x, and 0 in a window of zeros.
            shares = tf.math.divide_no_nan(upstream, norms) if p == 2 else upstream
            slopes = _slope_of_power(x, p)
            if tiled:  # every pixel in one window: no need to spread the shares out first
                shares = tf.reshape(shares, (-1, 1, norms.shape[2], 1, x.shape[3]))
                shape = (-1, pool_size[0], norms.shape[2], pool_size[1], x.shape[3])
                return tf.reshape(tf.reshape(slopes, shape) * shares, tf.shape(x))
            spread = tf.raw_ops.AvgPoolGrad(
                orig_input_shape=tf.shape(x),
                grad=count * shares,
                ksize=(1, *pool_size, 1),
                strides=(1, *strides, 1),
                padding="VALID",
            )
            return spread * slopes

        return norms, gradient

    return pool(x)


def _slope_of_power(x, p):
    """Returns `sign(x) |x|^(p - 1)`, the slope of `|x|^p / p`, for a p of 1 or 2."""
    return x if p == 2 else ops.sign(x)


def max_pool_with_argmax(inputs, pool_size, strides, padding):
    """Takes the greatest value of each window, and where in the image it stands.

    Args:
        inputs: Float tensor `(batch, height, width, channels)`.
        pool_size: Height and width of a window.
        strides: Pixels between neighbouring windows, downwards and to the right.
        padding: `"valid"` or `"same"`; what is padded is never chosen.

    Returns:
        The values `(batch, rows, columns, channels)` and as many int32 indices
        `row * width + column`; of equal values the first is taken, row by row.
    """
    values = ops.max_pool(inputs, pool_size, strides, padding, data_format="channels_last")
    taps = window_taps(ops.stop_gradient(inputs), pool_size, strides, padding, float("-inf"))
    places = _places(inputs, pool_size, strides, padding)
    greatest = ops.stop_gradient(values)
    indices = None
    for tap, place in zip(reversed(taps), reversed(places), strict=True):
        if indices is None:
            indices = ops.broadcast_to(place, ops.shape(tap))
        else:
            indices = ops.where(ops.equal(tap, greatest), place, indices)
    return values, indices


def _places(inputs, pool_size, strides, padding):
    """Returns, for every tap, int32 `row * width + column` of its pixels `(rows, columns, 1)`.

    Padding counts as the image's nearest pixel, which the window holds as well.
    """
    sizes = ops.shape(inputs)[1:3]
    axes = []
    for size, extent, stride in zip(sizes, pool_size, strides, strict=True):
        before = same_margins(size, extent, stride)[0] if padding == "same" else 0
        length = conv_output_length(size, extent, stride, padding)
        corners = ops.arange(length, dtype="int32") * stride - before
        axes.append([ops.clip(corners + tap, 0, size - 1) for tap in range(extent)])
    return [
        (rows[:, None] * sizes[1] + columns[None, :])[:, :, None]
        for rows in axes[0]
        for columns in axes[1]
    ]


def max_unpool(values, indices, height, width):
    """Puts values to their places in images of zeros; values of one place are added.

    Args:
        values: Float tensor `(batch, rows, columns, channels)`.
        indices: Integers of the same shape, `row * width + column`.
        height: Height of the images, an integer or a scalar tensor.
        width: Width of the images.

    Returns:
        Tensor `(batch, height, width, channels)` with the dtype of `values`.
    """
    batch, _, _, channels = ops.shape(values)
    image = ops.reshape(ops.arange(batch, dtype="int32"), (-1, 1, 1, 1))
    places = image * (height * width) + ops.cast(indices, "int32")
    places = places * channels + ops.arange(channels, dtype="int32")
    outputs = ops.segment_sum(
        ops.reshape(values, (-1,)), ops.reshape(places, (-1,)), batch * height * width * channels
    )
    return ops.reshape(outputs, (batch, height, width, channels))
