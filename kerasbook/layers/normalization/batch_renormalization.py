"""Batch renormalization: batch normalization corrected towards its moving averages."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.arguments import number_of
from kerasbook.layers.normalization.channel_normalization import ChannelNormalization
from kerasbook.layers.told import position_wise


@keras.saving.register_keras_serializable(package="kerasbook")
class BatchRenormalization(ChannelNormalization):
    """Normalizes each channel as the moving averages would, with the gradient of the batch.

    While training, `y = gamma ((x - mean) / deviation * r + d) + beta` with the mean and the
    `deviation = sqrt(variance + epsilon)` of each channel over the batch and all positions, and
    the constants (no gradient flows through them)

    `r = clip(deviation / moving_deviation, 1 / R, R)`
    `d = clip((mean - moving_mean) / moving_deviation, -D, D)`

    whose limits are `R = 1` and `D = 0`, batch normalization, for `warmup_steps` steps, and then
    grow linearly to `r_max` and `d_max`. The averages move afterwards: `moving = momentum *
    moving + (1 - momentum) * batch`. Otherwise, and while `trainable` is `False`, the averages
    stand in for the batch's statistics, `r` is 1 and `d` is 0. Within the limits, training and
    inference give the same, also for batches that are small or not alike.

    Args:
        axis: The channel axis.
        momentum: Weight of the past in the moving averages, in [0, 1].
        epsilon: Added to the variance, above 0.
        r_max: Limit of the change of scale in the end, 1 or above.
        d_max: Limit of the shift in the end, in deviations, 0 or above.
        warmup_steps: Number of training steps of plain batch normalization.
        r_max_steps: Number of training steps after which `r_max` is reached, at least
            `warmup_steps`.
        d_max_steps: Number of training steps after which `d_max` is reached, at least
            `warmup_steps`.
        center: Whether to add `beta`.
        scale: Whether to multiply by `gamma`.
        beta_initializer: Initializer of `beta`.
        gamma_initializer: Initializer of `gamma`.
        beta_regularizer: Penalty on `beta`.
        gamma_regularizer: Penalty on `gamma`.
        beta_constraint: Projection of `beta` after an update.
        gamma_constraint: Projection of `gamma` after an update.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ..., channels)` of rank 2 or more; the channels may
            stand elsewhere, see `axis`. Statistics are taken in at least float32. A mask is passed
            on, but what it hides counts in them.
        training: Whether to use, and learn from, the batch's statistics. Defaults to `False`.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range, or `axis` is no axis of the inputs but the
            batch's, or has no static size.

    Example:
        >>> layer = kerasbook.layers.BatchRenormalization(
        ...     warmup_steps=0, r_max_steps=0, d_max_steps=0
        ... )
        >>> x = np.array([[1.0], [3.0]], "float32")  # the averages are 0 and 1 at first
        >>> np.asarray(layer(x, training=True)).round(2).tolist()
        [[1.0], [3.0]]

    Reference:
        Ioffe, 2017, algorithm 1 and section 4, https://arxiv.org/abs/1702.03275. Limits and
        steps are the paper's. `keras.layers.BatchNormalization(renorm=True)` has no schedule
        and a second pair of averages with a momentum of its own.
    """

    receptive_field_steps = position_wise

    def __init__(
        self,
        *,
        axis=-1,
        momentum=0.99,
        epsilon=1e-3,
        r_max=3.0,
        d_max=5.0,
        warmup_steps=5000,
        r_max_steps=40_000,
        d_max_steps=25_000,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(
            axis=axis,
            epsilon=epsilon,
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
            **kwargs,
        )
        self.momentum = number_of("momentum", momentum, "in [0, 1]", lambda x: 0 <= x <= 1)
        self.r_max = number_of("r_max", r_max, "1 or above", lambda x: x >= 1)
        self.d_max = number_of("d_max", d_max, "0 or above", lambda x: x >= 0)
        self.warmup_steps = self._steps("warmup_steps", warmup_steps, "0 or above", 0)
        for name, value in (("r_max_steps", r_max_steps), ("d_max_steps", d_max_steps)):
            self._steps(name, value, "at least `warmup_steps`", warmup_steps)
        self.r_max_steps = r_max_steps
        self.d_max_steps = d_max_steps

    @staticmethod
    def _steps(name, value, rule, least):
        return number_of(
            name, value, f"an integer, {rule}", lambda x: isinstance(x, int) and x >= least
        )

    def build(self, input_shape):
        super().build(input_shape)
        channels = input_shape[self.axis]
        for name, initializer in (("moving_mean", "zeros"), ("moving_deviation", "ones")):
            weight = self.add_weight(
                name=name,
                shape=(channels,),
                initializer=initializer,
                trainable=False,
                autocast=False,
                aggregation="mean",
            )
            setattr(self, name, weight)
        self.steps = self.add_weight(
            name="steps",
            shape=(),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    def limits(self, steps):
        """Returns the limits of `r` and `d`, two float32 scalars, after so many training steps."""
        limits = []
        for first, last, end in (
            (1.0, self.r_max, self.r_max_steps),
            (0.0, self.d_max, self.d_max_steps),
        ):
            past_warmup = ops.cast(steps - self.warmup_steps, "float32")
            if end == self.warmup_steps:
                share = ops.cast(past_warmup >= 0, "float32")
            else:
                share = ops.clip(past_warmup / (end - self.warmup_steps), 0.0, 1.0)
            limits.append(first + (last - first) * share)
        return limits

    def call(self, inputs, training=False):
        inputs = ops.cast(inputs, self.compute_dtype)
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        gamma = ops.cast(self.gamma, dtype) if self.scale else ops.ones_like(self.moving_mean)
        beta = ops.cast(self.beta, dtype) if self.center else ops.zeros_like(self.moving_mean)
        moving_mean = ops.cast(self.moving_mean, dtype)
        # As if the variance were 0 at least, in an average of few steps.
        moving_deviation = ops.maximum(ops.cast(self.moving_deviation, dtype), self.epsilon**0.5)
        if not (training and self.trainable):
            variance = ops.square(moving_deviation) - self.epsilon
            return self._normalize(inputs, gamma, beta, moving_mean, variance)

        mean, variance = self._statistics(inputs)
        deviation = ops.sqrt(variance + self.epsilon)
        r_limit, d_limit = (ops.cast(limit, dtype) for limit in self.limits(self.steps.value))
        r = ops.clip(deviation / moving_deviation, 1 / r_limit, r_limit)
        d = ops.clip((mean - moving_mean) / moving_deviation, -d_limit, d_limit)
        outputs = self._normalize(inputs, gamma * r, gamma * d + beta)
        for average, value in ((self.moving_mean, mean), (self.moving_deviation, deviation)):
            past = ops.cast(average, dtype)
            average.assign(past * self.momentum + value * (1 - self.momentum))
        self.steps.assign_add(1)
        return outputs

    def _is_fused(self, inputs):
        last = self.axis % len(inputs.shape) == len(inputs.shape) - 1
        return last and kernels.has_fused_batch_normalization(
            inputs.dtype, self.epsilon, inputs.shape[-1]
        )

    def _statistics(self, inputs):
        """Returns mean and variance of each channel; no gradient flows through them."""
        inputs = ops.stop_gradient(inputs)
        if self._is_fused(inputs):  # its outputs are thrown away, and it is faster all the same
            ones = ops.ones((inputs.shape[-1],))
            _, mean, variance = kernels.fused_batch_normalization(
                inputs, ones, 0 * ones, epsilon=self.epsilon
            )
            return mean, variance
        return self._moments(inputs)

    def _moments(self, inputs):
        axes = [i for i in range(len(inputs.shape)) if i != self.axis % len(inputs.shape)]
        x = ops.cast(inputs, keras.backend.result_type(inputs.dtype, "float32"))
        return ops.moments(x, axes)

    def _normalize(self, inputs, gamma, beta, mean=None, variance=None):
        """Normalizes by given statistics, or those of the batch with their gradient."""
        if self._is_fused(inputs):
            outputs, _, _ = kernels.fused_batch_normalization(
                inputs, gamma, beta, mean=mean, variance=variance, epsilon=self.epsilon
            )
            return outputs
        if mean is None:
            mean, variance = self._moments(inputs)
        outputs = ops.batch_normalization(
            ops.cast(inputs, mean.dtype),
            mean,
            variance,
            axis=self.axis,
            offset=beta,
            scale=gamma,
            epsilon=self.epsilon,
        )
        return ops.cast(outputs, inputs.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "r_max": self.r_max,
            "d_max": self.d_max,
            "warmup_steps": self.warmup_steps,
            "r_max_steps": self.r_max_steps,
            "d_max_steps": self.d_max_steps,
        }
