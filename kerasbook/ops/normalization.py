"""Kernels that subtract a mean and divide by a standard deviation.

Statistics are taken in at least float32, whatever the dtype of the inputs.
"""

import keras
from keras import ops

# cuDNN takes no smaller epsilon, and TensorFlow raises a smaller one without a word.
SMALLEST_FUSED_EPSILON = 1.001e-5


def group_normalization(inputs, groups, gamma=None, beta=None, *, epsilon=1e-3):
    """Normalizes each sample over its positions and the channels of each group.

    The means of the channels come first, then the squares of what is left of them: the inputs
    are read three times, as few as the obvious sums of `x` and `x * x` need, and a mean that is
    large beside the deviation costs no digits. The statistics of a group follow from those of
    its channels, and one multiply-add does the rest.

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

    def over_group(values):  # (batch, 1, c) -> the same, each group's mean in its channels
        grouped = ops.reshape(values, (-1, 1, groups, channels // groups))
        return ops.repeat(ops.mean(grouped, axis=-1), channels // groups, axis=-1)

    channel_mean = ops.mean(x, axis=1, keepdims=True)
    centred = x - channel_mean
    channel_variance = ops.mean(ops.square(centred), axis=1, keepdims=True)
    offset = channel_mean - over_group(channel_mean)
    variance = over_group(channel_variance + ops.square(offset))
    scale = ops.rsqrt(variance + epsilon)
    if gamma is not None:
        scale = scale * ops.cast(gamma, dtype)
    shift = offset * scale
    if beta is not None:
        shift = shift + ops.cast(beta, dtype)
    return ops.reshape(ops.cast(centred * scale + shift, inputs.dtype), sizes)


def has_fused_batch_normalization(dtype, epsilon):
    """Tells whether the backend has one kernel for batch normalization in this dtype."""
    return (
        keras.backend.backend() == "tensorflow"
        and dtype in ("float32", "float16", "bfloat16")
        and epsilon >= SMALLEST_FUSED_EPSILON
    )


def fused_batch_normalization(inputs, gamma, beta, *, mean=None, variance=None, epsilon=1e-3):
    """Normalizes each channel in one kernel, by the batch's statistics or by given ones.

    Args:
        inputs: Tensor `(batch, ..., channels)` of rank 2 or more, float32 or half precision.
        gamma: Float32 scale `(channels,)`.
        beta: Float32 offset `(channels,)`.
        mean: Float32 `(channels,)`; `None` takes the batch's own statistics.
        variance: Float32 `(channels,)`, given if and only if `mean` is.
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
