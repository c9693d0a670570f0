"""Kernels that subtract a mean and divide by a standard deviation.

Statistics are taken in at least float32, whatever the dtype of the inputs.
"""

import keras
import numpy as np
from keras import ops

SMALLEST_FUSED_EPSILON = 1e-5  # older versions of cuDNN take no smaller one
# Channels; the work of a product with a band matrix grows with their square.
LARGEST_BAND = 256


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


def filter_response_normalization(inputs, gamma, beta, threshold=None, *, epsilon=1e-6):
    """Divides each channel of a sample by its root mean square, and cuts off below a threshold.

    Args:
        inputs: Float tensor `(batch, ..., channels)`.
        gamma: Scale `(channels,)`.
        beta: Offset `(channels,)`.
        threshold: `(channels,)`; outputs below are raised to it. `None` cuts nothing off.
        epsilon: Added to the mean of the squares; a number or a scalar tensor.

    Returns:
        Tensor with the shape and dtype of `inputs`.
    """
    dtype = keras.backend.result_type(inputs.dtype, "float32")
    sizes = ops.shape(inputs)
    x = ops.reshape(ops.cast(inputs, dtype), (sizes[0], -1, inputs.shape[-1]))
    gamma, beta, epsilon = (ops.cast(value, dtype) for value in (gamma, beta, epsilon))
    threshold = ops.cast(-np.inf if threshold is None else threshold, dtype)
    if keras.backend.backend() == "tensorflow":
        from kerasbook.ops import normalization_tensorflow as kernels

        outputs = kernels.filter_response_normalization(x, gamma, beta, threshold, epsilon)
    else:
        outputs = _filter_response_normalization(x, gamma, beta, threshold, epsilon)
    return ops.reshape(ops.cast(outputs, inputs.dtype), sizes)


def _filter_response_normalization(x, gamma, beta, threshold, epsilon):
    """Normalizes `x (batch, places, channels)`, for backends that fuse by themselves."""
    squares = ops.mean(ops.square(x), axis=1, keepdims=True)
    return ops.maximum(x * (ops.rsqrt(squares + epsilon) * gamma) + beta, threshold)


def local_response_normalization(inputs, size, *, bias, alpha, beta):
    """Divides by a power of the sum of the squares in a window of neighbouring channels.

    Args:
        inputs: Float tensor `(..., channels)`.
        size: Number of channels of the window, `size // 2` of them before its own.
        bias: What is added to `alpha` times the sum, above 0.
        alpha: Weight of the sum.
        beta: The power.

    Returns:
        Tensor with the shape and dtype of `inputs`.
    """
    dtype = keras.backend.result_type(inputs.dtype, "float32")

    def normalize(x):
        sums = bias + alpha * _window_sum(ops.square(x), size // 2, (size - 1) // 2)
        factor = _inverse_power(sums, beta)
        outputs = x * factor

        def gradient(upstream):
            # The window of an output is turned round to find the outputs of an input.
            shares = _window_sum(upstream * outputs / sums, (size - 1) // 2, size // 2)
            return upstream * factor - (2 * alpha * beta) * (x * shares)

        return outputs, gradient

    x = ops.cast(inputs, dtype)
    # Left to itself, TensorFlow would take the powers and their logarithms once more.
    if keras.backend.backend() == "tensorflow":
        outputs = ops.custom_gradient(normalize)(x)
    else:
        outputs, _ = normalize(x)
    return ops.cast(outputs, inputs.dtype)


def _window_sum(x, before, after):
    """Sums each channel with as many `before` and `after` it as there are."""
    channels = x.shape[-1]
    if channels <= LARGEST_BAND:
        # The product with a band of ones is one fast pass, as long as it is not much work.
        ones = np.ones((channels, channels), "bool")
        band = np.triu(ones, -after) & np.tril(ones, before)
        return ops.matmul(x, ops.convert_to_tensor(band, dtype=x.dtype))
    padded = ops.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(before, after)])
    total = padded[..., :channels]
    for first in range(1, before + after + 1):
        total = total + padded[..., first : first + channels]
    return total


def _inverse_power(x, power):
    """Returns `x ** -power` for positive `x`; the powers in use need no logarithm."""
    if power == 1:
        return 1 / x
    if power in (0.5, 0.75):
        root = ops.rsqrt(x)
        return root if power == 0.5 else root * ops.sqrt(root)
    return ops.exp(-power * ops.log(x))


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
    nothing = tf.constant([], tf.float32)
    # Not `tf.compat.v1.nn.fused_batch_norm`, which raises epsilon to 1.001e-5 without a word.
    outputs, mean_used, variance_used, *_ = tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=gamma,
        offset=beta,
        mean=nothing if mean is None else mean,
        variance=nothing if mean is None else variance,
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
