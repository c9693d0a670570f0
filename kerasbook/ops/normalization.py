"""Kernels that subtract a mean and divide by a standard deviation.

Statistics are taken in at least float32, whatever the dtype of the inputs.
"""

import keras
from keras import ops

# cuDNN takes no smaller epsilon, and TensorFlow raises a smaller one without a word.
SMALLEST_FUSED_EPSILON = 1.001e-5


def group_normalization(inputs, groups, gamma=None, beta=None, *, epsilon=1e-3):
    """Normalizes each sample over its positions and the channels of each group.

    A mean that is large beside the deviation costs no digits of the variance, as the difference
    of two sums alone would.

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

    if keras.backend.backend() == "tensorflow":
        from kerasbook.ops import normalization_tensorflow

        outputs = normalization_tensorflow.group_normalization(x, groups, gamma, beta, epsilon)
    else:
        outputs = _group_normalization(x, groups, gamma, beta, epsilon)
    return ops.reshape(ops.cast(outputs, inputs.dtype), sizes)


def _group_normalization(x, groups, gamma, beta, epsilon):
    """Normalizes `x (batch, places, channels)`, for backends that fuse by themselves."""
    grouped = ops.reshape(x, (ops.shape(x)[0], -1, groups, x.shape[-1] // groups))
    centred = grouped - ops.mean(grouped, axis=(1, 3), keepdims=True)
    variance = ops.mean(ops.square(centred), axis=(1, 3), keepdims=True)
    normalized = ops.reshape(centred * ops.rsqrt(variance + epsilon), ops.shape(x))
    return normalized * gamma + beta


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
