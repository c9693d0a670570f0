"""Batch normalization: Keras' own, in one kernel where TensorFlow has one."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.arguments import static_channels


@keras.saving.register_keras_serializable(package="kerasbook")
class BatchNormalization(keras.layers.BatchNormalization):
    """Normalizes each channel by the batch's statistics, or by their moving averages.

    While training, `y = gamma (x - mean) / sqrt(variance + epsilon) + beta` with the mean and
    the biased variance of each channel over the batch and all positions, and the averages
    move: `moving = momentum * moving + (1 - momentum) * batch`. Otherwise, and while
    `trainable` is `False`, the averages stand in for the batch's statistics.

    This is `keras.layers.BatchNormalization` with the same arguments, variables and numbers.
    On TensorFlow, with the channels last, in float32 or half precision, without `mask`,
    `renorm` and `synchronized`, and with an `epsilon` of at least 1e-5, one fused kernel
    computes it, but on a CPU only where it is the faster way; else Keras does.

    Args:
        axis: The channel axis.
        momentum: Weight of the past in the moving averages, in [0, 1].
        epsilon: Added to the variance, above 0.
        **kwargs: All further arguments of `keras.layers.BatchNormalization`.

    Call arguments:
        inputs: Float tensor `(batch, ..., channels)` of rank 2 or more; the channels may
            stand elsewhere, see `axis`. Statistics are taken in at least float32.
        training: Whether to use, and learn from, the batch's statistics. Defaults to `False`.
        mask: Boolean tensor `(batch, ...)` of the positions that count, or `None`.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If `axis` is no axis of the inputs but the batch's, or has no static size, or
            `epsilon` is not above 0.

    Example:
        >>> x = np.array([[0, 10], [2, 30]], "float32")
        >>> y = kerasbook.layers.BatchNormalization()(x, training=True)
        >>> np.asarray(y).round(2).tolist()
        [[-1.0, -1.0], [1.0, 1.0]]

    Reference:
        Ioffe and Szegedy, 2015, algorithm 1, https://arxiv.org/abs/1502.03167. The moving
        variance averages the biased variance, as Keras has it; the paper takes the unbiased.
    """

    def build(self, input_shape):
        static_channels(input_shape, self.axis)
        if not self.epsilon > 0:
            raise ValueError(f"`epsilon` must be above 0. Received: epsilon={self.epsilon}")
        super().build(input_shape)

    def call(self, inputs, training=False, mask=None):
        channels = inputs.shape[self.axis]
        channels_last = self.axis % len(inputs.shape) == len(inputs.shape) - 1
        if (
            mask is not None
            or not channels_last
            or self.synchronized
            or getattr(self, "renorm", False)
            or not kernels.has_fused_batch_normalization(inputs.dtype, self.epsilon, channels)
        ):
            return super().call(inputs, training=training, mask=mask)
        # The kernel wants both; without `scale` or `center` they are constants.
        gamma = self.gamma if self.scale else ops.ones_like(self.moving_mean)
        beta = self.beta if self.center else ops.zeros_like(self.moving_mean)
        if not (training and self.trainable):
            outputs, _, _ = kernels.fused_batch_normalization(
                inputs,
                gamma,
                beta,
                mean=self.moving_mean,
                variance=self.moving_variance,
                epsilon=self.epsilon,
            )
            return outputs
        outputs, mean, variance = kernels.fused_batch_normalization(
            inputs, gamma, beta, epsilon=self.epsilon
        )
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            past = ops.cast(average, value.dtype)
            average.assign(past * self.momentum + value * (1 - self.momentum))
        return outputs
