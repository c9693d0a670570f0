"""A gate for each channel from the means of its neighbours: ECA."""

import math

import keras
from keras import activations, initializers, ops

from kerasbook.layers.arguments import data_format_of, positive_integer, static_channels
from kerasbook.layers.convolution.conv1d import Conv1D
from kerasbook.layers.told import all_positions


@keras.saving.register_keras_serializable(package="kerasbook")
class EfficientChannelAttention(keras.layers.Layer):
    """Multiplies each channel by a gate in (0, 1) computed from the means of nearby channels.

    `s = mean_{h, w} x`, `g_c = gate_activation(sum_j w_j s_{c + j - (k - 1) / 2})` with zeros
    beyond the channels, `y = x * g`: `k` weights in all, where `SqueezeExcite` has `2 channels^2
    / ratio`. By default `k` grows with the channels: `t = floor(|log2(channels) + offset| /
    gamma)`, and `k = t` if that is odd, else `t + 1`.

    Args:
        kernel_size: Number `k` of channels that a gate looks at; `None` takes the formula.
        gamma: Divisor in the formula, above 0.
        offset: Summand in the formula.
        gate_activation: Activation of the gate, with values in [0, 1].
        kernel_initializer: Initializer of the kernel.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or any rank of 3 and more with
            the channels last, or second with `data_format="channels_first"`.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If `kernel_size` is no positive integer, `gamma` not above 0, `data_format`
            unknown, or the channels are.

    Example:
        >>> layer = kerasbook.layers.EfficientChannelAttention()
        >>> layer.build((None, 8, 8, 256))
        >>> layer.count_params()
        5

    Reference:
        Wang et al., 2020, section 3, https://arxiv.org/abs/1910.03151
    """

    receptive_field_steps = all_positions

    def __init__(
        self,
        kernel_size=None,
        *,
        gamma=2,
        offset=1,
        gate_activation="sigmoid",
        kernel_initializer="glorot_uniform",
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if kernel_size is not None:
            positive_integer("kernel_size", kernel_size)
        if not isinstance(gamma, (int, float)) or not gamma > 0:
            raise ValueError(f"`gamma` must be above 0. Received: gamma={gamma!r}")
        self.kernel_size = kernel_size
        self.gamma = gamma
        self.offset = offset
        self.gate_activation = activations.get(gate_activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.data_format = data_format_of(data_format)
        self.input_spec = keras.layers.InputSpec(min_ndim=3)

    def build(self, input_shape):
        channels = static_channels(input_shape, -1 if self.data_format == "channels_last" else 1)
        size = self.kernel_size
        if size is None:
            size = int(abs(math.log2(channels) + self.offset) / self.gamma)
            size += 1 - size % 2
        self.neighbours = Conv1D(
            1,
            size,
            padding="same",
            data_format="channels_last",
            activation=self.gate_activation,
            use_bias=False,
            kernel_initializer=self.kernel_initializer,
            dtype=self.dtype_policy,
            name="neighbours",
        )
        self.neighbours.build((input_shape[0], channels, 1))

    def call(self, inputs):
        inputs = ops.cast(inputs, self.compute_dtype)
        rank = len(inputs.shape)
        if self.data_format == "channels_last":
            places, gate_shape = range(1, rank - 1), (-1, *(1,) * (rank - 2), inputs.shape[-1])
        else:
            places, gate_shape = range(2, rank), (-1, inputs.shape[1], *(1,) * (rank - 2))
        means = ops.mean(inputs, axis=tuple(places))  # (batch, channels)
        gates = self.neighbours(ops.expand_dims(means, -1))
        return inputs * ops.reshape(gates, gate_shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "gamma": self.gamma,
            "offset": self.offset,
            "gate_activation": activations.serialize(self.gate_activation),
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "data_format": self.data_format,
        }
