"""Gates for the channels, then for the places: CBAM."""

import keras
from keras import ops

from kerasbook.layers.arguments import positive_integers
from kerasbook.layers.block.squeeze_excite import SqueezeExcite
from kerasbook.layers.convolution.conv2d import Conv2D


@keras.saving.register_keras_serializable(package="kerasbook")
class ConvolutionalBlockAttention(SqueezeExcite):
    """Multiplies each channel and then each place by a gate in (0, 1): what, and where.

    `M(s) = W2 activation(W1 s + b1) + b2`, `u = x * gate_activation(M(mean_{h, w} x) + M(max_{h, w}
    x))`, and `y = u * gate_activation(conv([mean_c u, max_c u]) + b3)` with one `k x k` kernel over
    the two maps, padded with zeros.

    Args:
        reduction_ratio: Number of channels for one unit of the hidden layer, 1 or more.
        kernel_size: Height and width of the kernel, or one integer for both.
        activation: Activation of the hidden layer.
        gate_activation: Activation of the gates, with values in [0, 1].
        use_bias: Whether there are the biases `b1`, `b2` and `b3`.
        kernel_initializer: Initializer of the three kernels.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range, `data_format` is unknown, or the channels are.

    Example:
        >>> layer = kerasbook.layers.ConvolutionalBlockAttention(4)
        >>> tuple(layer(np.ones((2, 9, 8, 16), "float32")).shape)
        (2, 9, 8, 16)

    Reference:
        Woo et al., 2018, section 3, https://arxiv.org/abs/1807.06521. The authors' code has a
        batch normalization in place of `b3`; the paper has none.
    """

    def __init__(
        self,
        reduction_ratio=16,
        kernel_size=7,
        *,
        activation="relu",
        gate_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        data_format=None,
        **kwargs,
    ):
        super().__init__(
            reduction_ratio,
            activation=activation,
            gate_activation=gate_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            data_format=data_format,
            **kwargs,
        )
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape):
        super().build(input_shape)
        self.where = Conv2D(
            1,
            self.kernel_size,
            padding="same",
            data_format=self.data_format,
            activation=self.gate_activation,
            use_bias=self.use_bias,
            kernel_initializer=self.kernel_initializer.clone(),
            dtype=self.dtype_policy,
            name="where",
        )
        if self.data_format == "channels_last":
            self.where.build((*input_shape[:-1], 2))
        else:
            self.where.build((input_shape[0], 2, *input_shape[2:]))

    def call(self, inputs):
        inputs = ops.cast(inputs, self.compute_dtype)
        channel, places = (-1, (1, 2)) if self.data_format == "channels_last" else (1, (2, 3))
        means, maxima = ops.mean(inputs, axis=places), ops.max(inputs, axis=places)
        gates = self.gate_activation(
            self.excite(self.squeeze(means)) + self.excite(self.squeeze(maxima))
        )
        outputs = inputs * ops.expand_dims(gates, places)
        means = ops.mean(outputs, axis=channel, keepdims=True)
        maxima = ops.max(outputs, axis=channel, keepdims=True)
        return outputs * self.where(ops.concatenate([means, maxima], axis=channel))

    def get_config(self):
        return {**super().get_config(), "kernel_size": list(self.kernel_size)}
