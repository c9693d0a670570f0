"""Two-dimensional convolution: Keras' own, with fast groups and fewer restrictions."""

import keras
from keras import activations, constraints, initializers, regularizers

from kerasbook import ops
from kerasbook.layers.arguments import (
    data_format_of,
    positive_integer,
    positive_integers,
    static_channels,
)
from kerasbook.ops.convolution import PADDINGS


@keras.saving.register_keras_serializable(package="kerasbook")
class Conv2D(keras.layers.Layer):
    """Slides `filters` kernels over an image and takes a weighted sum at each place.

    `y[i, j, d] = activation(b[d] + sum_{u, v, c} x[s i + r u, s j + r v, c] w[u, v, c, d])`
    with stride `s` and dilation rate `r`; with groups, `c` runs over the channels of the group
    that `d` belongs to. The kernel is not flipped.

    Args:
        filters: Number of output channels, a multiple of `groups`.
        kernel_size: Height and width of the kernel in taps, or one integer for both.
        strides: Pixels between neighbouring outputs, two integers or one.
        padding: `"valid"` pads nothing; `"same"` pads to `ceil(size / stride)` outputs; `"full"`
            pads the dilated kernel's extent less one on every side, so that every pixel is
            seen by every tap.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        dilation_rate: Pixels between neighbouring taps, two integers or one; 1 is ordinary.
        groups: Number of groups of channels that are convolved apart. Weights and
            multiply-adds divide by it.
        activation: Function applied to the result, or `None`.
        use_bias: Whether to add a bias.
        kernel_initializer: Initializer of the kernel.
        bias_initializer: Initializer of the bias.
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the outputs.
        kernel_constraint: Projection of the kernel after an update.
        bias_constraint: Projection of the bias after an update.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`; `channels` a multiple of `groups`.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first, in the
        layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range, `groups` does not divide the channels, or
            the dilated kernel is larger than inputs of a static size under `"valid"` padding.

    Example:
        >>> layer = kerasbook.layers.Conv2D(8, 3, strides=2, dilation_rate=2, groups=4)
        >>> tuple(layer(np.ones((1, 17, 17, 4), "float32")).shape)
        (1, 7, 7, 8)

    Reference:
        LeCun et al., 1998, section II, https://doi.org/10.1109/5.726791; groups: Krizhevsky
        et al., 2012, section 3.2. Arguments (in Keras' order, all of them allowed without
        their names), variables and numbers are those of `keras.layers.Conv2D`, which has
        neither `"full"` nor strides and dilation at once; only its `lora_rank` is left out.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
        groups=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = positive_integer("filters", filters)
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        self.strides = positive_integers("strides", strides, 2)
        self.padding = padding.lower() if isinstance(padding, str) else padding
        if self.padding not in PADDINGS:
            raise ValueError(f"`padding` must be one of {PADDINGS}. Received: padding={padding!r}")
        self.data_format = data_format_of(data_format)
        self.dilation_rate = positive_integers("dilation_rate", dilation_rate, 2)
        self.groups = positive_integer("groups", groups)
        if filters % groups:
            raise ValueError(
                "`filters` must be a multiple of `groups`. "
                f"Received: filters={filters}, groups={groups}"
            )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape):
        axis = -1 if self.data_format == "channels_last" else 1
        channels = static_channels(input_shape, axis)
        if channels % self.groups:
            raise ValueError(
                "`groups` must divide the number of input channels. "
                f"Received: groups={self.groups}, input_shape={tuple(input_shape)}"
            )
        self.compute_output_shape(input_shape)
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={axis: channels})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, inputs):
        outputs = ops.conv2d(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        if self.use_bias:
            shape = (1, 1, 1, -1) if self.data_format == "channels_last" else (1, -1, 1, 1)
            outputs = keras.ops.add(outputs, keras.ops.reshape(self.bias, shape))
        return self.activation(outputs)

    def compute_output_shape(self, input_shape):
        first = 1 if self.data_format == "channels_last" else 2
        sizes = [
            ops.conv_output_length(length, kernel_size, stride, self.padding, rate)
            for length, kernel_size, stride, rate in zip(
                input_shape[first : first + 2],
                self.kernel_size,
                self.strides,
                self.dilation_rate,
                strict=True,
            )
        ]
        if any(size is not None and size < 1 for size in sizes):
            raise ValueError(
                "The dilated kernel must not be larger than the inputs. Received: "
                f"input_shape={tuple(input_shape)}, kernel_size={self.kernel_size}, "
                f"dilation_rate={self.dilation_rate}, padding={self.padding!r}"
            )
        if self.data_format == "channels_last":
            return (input_shape[0], *sizes, self.filters)
        return (input_shape[0], self.filters, *sizes)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": list(self.dilation_rate),
            "groups": self.groups,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
