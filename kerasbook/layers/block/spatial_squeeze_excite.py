"""A gate for each place from all its channels: spatial squeeze and excitation."""

import keras
from keras import activations, initializers, ops

from kerasbook.layers.arguments import data_format_of
from kerasbook.layers.convolution.conv2d import Conv2D
from kerasbook.layers.told import position_wise


@keras.saving.register_keras_serializable(package="kerasbook")
class SpatialSqueezeExcite(keras.layers.Layer):
    """Multiplies each place by a gate in (0, 1) computed from its channels.

    `g_{ij} = gate_activation(sum_c w_c x_{ijc} + b)`, `y_{ijc} = x_{ijc} g_{ij}`.

    Args:
        gate_activation: Activation of the gate, with values in [0, 1].
        use_bias: Whether there is the bias `b`; the paper has none.
        kernel_initializer: Initializer of the weights `w`.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If `data_format` is unknown, or the channels are.

    Example:
        >>> layer = kerasbook.layers.SpatialSqueezeExcite(kernel_initializer="zeros")
        >>> float(np.asarray(layer(np.ones((1, 2, 3, 4), "float32"))).max())
        0.5

    Reference:
        Roy et al., 2018, section 2.2, https://arxiv.org/abs/1803.02579. Its concurrent form
        (scSE) takes the maximum, or the sum, of this and `SqueezeExcite`.
    """

    receptive_field_steps = position_wise

    def __init__(
        self,
        *,
        gate_activation="sigmoid",
        use_bias=False,
        kernel_initializer="glorot_uniform",
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.gate_activation = activations.get(gate_activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.data_format = data_format_of(data_format)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape):
        self.gate = Conv2D(
            1,
            1,
            data_format=self.data_format,
            activation=self.gate_activation,
            use_bias=self.use_bias,
            kernel_initializer=self.kernel_initializer,
            dtype=self.dtype_policy,
            name="gate",
        )
        self.gate.build(input_shape)

    def call(self, inputs):
        inputs = ops.cast(inputs, self.compute_dtype)
        return inputs * self.gate(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "gate_activation": activations.serialize(self.gate_activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "data_format": self.data_format,
        }
