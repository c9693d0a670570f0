"""Kernels that subtract a mean and divide by a standard deviation.

Statistics are taken in at least float32, whatever the dtype of the inputs.
"""

import keras
from keras import ops

# cuDNN takes no smaller epsilon, and TensorFlow raises a smaller one without a word.
SMALLEST_FUSED_EPSILON = 1.001e-5


def group_normalization(inputs, groups, gamma=None, beta=None, *, epsilon=1e-3):
    """Normalizes each sample over its positions and the channels of each group.

    The means of the channels come first, then the squares of what is left of them, so that a
    mean that is large beside the deviation costs no digits, as the difference of two sums would.
    The statistics of a group follow from those of its channels, and one multiply-add does the
    rest. On TensorFlow, which fuses nothing by itself, the gradient is written out as well: two
    sums over the positions and two multiply-adds.

    Args:
        inputs: Float tensor `(batch, ..., channels)`.
        groups: Number of groups, a divisor of `channels`.
        gamma: Scale `(channels,)`, or `None` for 1.
        beta: Offset `(channels,)`, or `None` for 0.
        epsilon: Added to the variance.

    Returns:
        Tensor with the shape and dtype of `inputs`.
    """
    dtype = keras.backend.result_type(inputs.dtype, "float32")
    channels = inputs.shape[-1]
    sizes = ops.shape(inputs)
    x = ops.reshape(ops.cast(inputs, dtype), (sizes[0], -1, channels))  # (batch, places, c)
    gamma = ops.ones((channels,), dtype) if gamma is None else ops.cast(gamma, dtype)
    beta = ops.zeros((channels,), dtype) if beta is None else ops.cast(beta, dtype)

    def normalize(x, gamma, beta):
        return _group_normalization(x, gamma, beta, groups, epsilon)

    if keras.backend.backend() == "tensorflow":
        outputs = ops.custom_gradient(normalize)(x, gamma, beta)
    else:
        outputs, _ = normalize(x, gamma, beta)
    return ops.reshape(ops.cast(outputs, inputs.dtype), sizes)


def _group_normalization(x, gamma, beta, groups, epsilon):
    """Returns the outputs for `x (batch, places, channels)`, and the function of the gradient."""
    channels = x.shape[-1]

    def over_group(values):  # (batch, 1, c) -> the same, each group's mean in its channels
        grouped = ops.reshape(values, (-1, 1, groups, channels // groups))
        return ops.repeat(ops.mean(grouped, axis=-1), channels // groups, axis=-1)

    channel_mean = ops.mean(x, axis=1, keepdims=True)
    centred = x - channel_mean
    channel_variance = ops.mean(ops.square(centred), axis=1, keepdims=True)
    offset = channel_mean - over_group(channel_mean)
    variance = over_group(channel_variance + ops.square(offset))
    inverse = ops.rsqrt(variance + epsilon)
    scale = inverse * gamma
    outputs = centred * scale + (offset * scale + beta)

    def gradient(upstream):
        # With n = (x - mean) / deviation and g = gamma * upstream, the gradient of x is
        # (g - mean(g) - n mean(g n)) / deviation, the means over places and group.
        sums = ops.sum(upstream, axis=1, keepdims=True)
        products = ops.sum(upstream * centred, axis=1, keepdims=True) + offset * sums
        places = ops.cast(ops.shape(x)[1], x.dtype)
        mean_g = over_group(gamma * sums) / places
        mean_gn = inverse * over_group(gamma * products) / places
        slope = -inverse * inverse * mean_gn
        shift = offset * slope - inverse * mean_g
        of_x = upstream * scale + (centred * slope + shift)
        return of_x, ops.sum(inverse * products, axis=(0, 1)), ops.sum(sums, axis=(0, 1))

    return outputs, gradient


def has_fused_batch_normalization(dtype, epsilon, channels=4):
    """Tells whether the backend has one kernel for batch normalization, faster than many.

    On a CPU that of TensorFlow is slower for channels that do not come in fours, by a half at 58;
    below eight it makes no difference.
    """
    if (
        keras.backend.backend() != "tensorflow"
        or dtype not in ("float32", "float16", "bfloat16")
        or epsilon < SMALLEST_FUSED_EPSILON
    ):
        return False
    import tensorflow as tf

    return channels % 4 == 0 or channels < 8 or bool(tf.config.list_physical_devices("GPU"))


def fused_batch_normalization(inputs, gamma, beta, *, mean=None, variance=None, epsilon=1e-3):
    """Normalizes each channel in one kernel, by the batch's statistics or by given ones.

    Args:
        inputs: Tensor `(batch, ..., channels)` of rank 2 or more, float32 or half precision.
        gamma: Scale `(channels,)`.
        beta: Offset `(channels,)`.
        mean: `(channels,)`; `None` takes the batch's own statistics.
        variance: `(channels,)`, given if and only if `mean` is.
        epsilon: Added to the variance, at least `SMALLEST_FUSED_EPSILON`.

    Returns:
        Outputs with the shape and dtype of `inputs`, and the mean and the (biased) variance
        that they were normalized by, both float32 `(channels,)`.
    """
    import tensorflow as tf

    inputs = tf.convert_to_tensor(inputs)
    rank, channels = len(inputs.shape), inputs.shape[-1]
    shape = tf.shape(inputs)
    x = inputs if rank == 4 else tf.reshape(inputs, (shape[0], -1, 1, channels))
    gamma, beta = tf.cast(gamma, tf.float32), tf.cast(beta, tf.float32)
    if mean is not None:
        mean, variance = tf.cast(mean, tf.float32), tf.cast(variance, tf.float32)
    outputs, mean_used, variance_used = tf.compat.v1.nn.fused_batch_norm(
        x,
        scale=gamma,
        offset=beta,
        mean=mean,
        variance=variance,
        epsilon=epsilon,
        is_training=mean is None,
    )
    if mean is None:
        # The kernel returns the unbiased variance; batch normalization is defined by the other.
        count = tf.cast(tf.size(inputs, out_type=tf.int64) // channels, tf.float32)
        variance_used *= (count - 1) / count
    else:
        mean_used, variance_used = mean, variance
    if rank != 4:
        outputs = tf.reshape(outputs, shape)
        outputs.set_shape(inputs.shape)
    return outputs, mean_used, variance_used
