"""Squeeze and excitation: convolution weighted by channel."""

import keras
from keras import activations, initializers, ops

from kerasbook.layers.arguments import data_format_of, positive_integer, static_channels
from kerasbook.layers.told import all_positions


@keras.saving.register_keras_serializable(package="kerasbook")
class SqueezeExcite(keras.layers.Layer):
    """Multiplies each channel by a gate in (0, 1) computed from the means of all channels.

    `s = mean_{h, w} x`, `g = gate_activation(W2 activation(W1 s + b1) + b2)`, `y = x * g`,
    where `W1` has `max(1, channels // reduction_ratio)` outputs and `W2` has `channels`.

    Args:
        reduction_ratio: Number of channels for one unit of the hidden layer, 1 or more.
        activation: Activation of the hidden layer.
        gate_activation: Activation of the gate, with values in [0, 1].
        use_bias: Whether the two dense layers have biases.
        kernel_initializer: Initializer of the two kernels.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or any rank of 3 and more with
            the channels last, or second with `data_format="channels_first"`.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If `reduction_ratio` is no positive integer, `data_format` is unknown, or the
            channels are.

    Example:
        >>> layer = kerasbook.layers.SqueezeExcite(reduction_ratio=4)
        >>> tuple(layer(np.ones((2, 5, 7, 16), "float32")).shape)
        (2, 5, 7, 16)

    Reference:
        Hu et al., 2018, section 3, https://arxiv.org/abs/1709.01507
    """

    receptive_field_steps = all_positions

    def __init__(
        self,
        reduction_ratio=16,
        *,
        activation="relu",
        gate_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.reduction_ratio = positive_integer("reduction_ratio", reduction_ratio)
        self.activation = activations.get(activation)
        self.gate_activation = activations.get(gate_activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.data_format = data_format_of(data_format)
        self.input_spec = keras.layers.InputSpec(min_ndim=3)

    def build(self, input_shape):
        axis = -1 if self.data_format == "channels_last" else 1
        channels = static_channels(input_shape, axis)
        hidden = max(1, channels // self.reduction_ratio)
        self.squeeze = self._dense(hidden, self.activation, "squeeze")
        self.excite = self._dense(channels, None, "excite")
        self.squeeze.build((input_shape[0], channels))
        self.excite.build((input_shape[0], hidden))

    def call(self, inputs):
        inputs = ops.cast(inputs, self.compute_dtype)
        rank = len(inputs.shape)
        if self.data_format == "channels_last":
            places, gate_shape = range(1, rank - 1), (-1, *(1,) * (rank - 2), inputs.shape[-1])
        else:
            places, gate_shape = range(2, rank), (-1, inputs.shape[1], *(1,) * (rank - 2))
        means = ops.mean(inputs, axis=tuple(places))  # (batch, channels)
        gates = self.gate_activation(self.excite(self.squeeze(means)))
        return inputs * ops.reshape(gates, gate_shape)

    def _dense(self, units, activation, name):
        # Keras warns of one initializer object in two layers.
        initializer = self.kernel_initializer.clone()
        return keras.layers.Dense(
            units,
            activation=activation,
            use_bias=self.use_bias,
            kernel_initializer=initializer,
            dtype=self.dtype_policy,
            name=name,
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "reduction_ratio": self.reduction_ratio,
            "activation": activations.serialize(self.activation),
            "gate_activation": activations.serialize(self.gate_activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "data_format": self.data_format,
        }
