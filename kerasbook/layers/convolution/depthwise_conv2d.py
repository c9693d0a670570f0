"""Depthwise convolution: Keras' own, through the kernel of grouped convolution."""

import keras

from kerasbook import ops
from kerasbook.layers.arguments import (
    data_format_of,
    one_of,
    positive_integer,
    positive_integers,
    static_channels,
)
from kerasbook.layers.convolution.kernel_layer import add_bias


@keras.saving.register_keras_serializable(package="kerasbook")
class DepthwiseConv2D(keras.layers.DepthwiseConv2D):
    """Convolves every channel by itself with `depth_multiplier` kernels.

    `y[i, j, c m + d] = activation(b[c m + d] + sum_{u, v} x[s i + r u, s j + r v, c]
    w[u, v, c, d])` with `m` the depth multiplier, stride `s` and dilation rate `r`.

    This is `keras.layers.DepthwiseConv2D` with the same arguments, variables and numbers,
    computed as a convolution with as many groups as channels, which on TensorFlow is faster.

    Args:
        kernel_size: Height and width of the kernel in taps, or one integer for both.
        strides: Pixels between neighbouring outputs, two integers or one.
        padding: `"valid"` or `"same"`.
        depth_multiplier: Number of outputs for each channel.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        dilation_rate: Pixels between neighbouring taps, two integers or one.
        activation: Function applied to the result, or `None`.
        use_bias: Whether to add a bias.
        depthwise_initializer: Initializer of the kernel.
        bias_initializer: Initializer of the bias.
        depthwise_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the outputs.
        depthwise_constraint: Projection of the kernel after an update.
        bias_constraint: Projection of the bias after an update.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`.

    Returns:
        Tensor `(batch, new_height, new_width, channels * depth_multiplier)`, or with the channels
        first, in the layer's compute dtype.

    Raises:
        ValueError: If a size is no positive integer, or the channels are not known.

    Example:
        >>> layer = kerasbook.layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2)
        >>> tuple(layer(np.ones((1, 9, 9, 4), "float32")).shape)
        (1, 4, 4, 8)

    Reference:
        Howard et al., 2017 (MobileNets), section 3.1, https://arxiv.org/abs/1704.04861
    """

    def __init__(
        self,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=(1, 1),
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            kernel_size=positive_integers("kernel_size", kernel_size, 2),
            strides=positive_integers("strides", strides, 2),
            padding=one_of("padding", padding, ("valid", "same")),
            depth_multiplier=positive_integer("depth_multiplier", depth_multiplier),
            data_format=data_format_of(data_format),
            dilation_rate=positive_integers("dilation_rate", dilation_rate, 2),
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape):
        static_channels(input_shape, -1 if self.data_format == "channels_last" else 1)
        super().build(input_shape)

    def call(self, inputs):
        taps = (*self.kernel_size, 1, self.kernel.shape[2] * self.depth_multiplier)
        outputs = ops.conv(
            inputs,
            keras.ops.reshape(self.kernel, taps),
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        if self.use_bias:
            outputs = add_bias(outputs, self.bias, self.data_format)
        return outputs if self.activation is None else self.activation(outputs)

    def get_config(self):
        config = super().get_config()
        return {k: list(v) if isinstance(v, tuple) else v for k, v in config.items()}
