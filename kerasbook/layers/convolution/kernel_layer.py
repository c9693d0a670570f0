"""What the layers that slide a window over space share: arguments, shapes, bias and config."""

import keras
from keras import activations, constraints, initializers, regularizers

from kerasbook import ops
from kerasbook.layers.arguments import (
    data_format_of,
    one_of,
    positive_integer,
    positive_integers,
    static_channels,
)
from kerasbook.layers.told import products_of_kernel
from kerasbook.ops.convolution import PADDINGS


class KernelLayer(keras.layers.Layer):
    """Base of layers with one kernel, which they slide over `rank` axes of space.

    A subclass sets `rank`, and writes `kernel_shape` and `convolve`; by default there is one
    bias per filter. The arguments are described in `kerasbook.layers.Conv2D`.
    """

    multiply_adds = products_of_kernel

    rank = None
    paddings = PADDINGS

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
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
        self.kernel_size = positive_integers("kernel_size", kernel_size, self.rank)
        self.strides = positive_integers("strides", strides, self.rank)
        self.padding = one_of("padding", padding, self.paddings)
        self.data_format = data_format_of(data_format)
        self.dilation_rate = positive_integers("dilation_rate", dilation_rate, self.rank)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = keras.layers.InputSpec(ndim=self.rank + 2)

    def kernel_shape(self, channels, sizes):
        """Returns the kernel's shape for inputs of `channels` and outputs of `sizes`."""
        raise NotImplementedError

    def kernel_start(self, sizes):
        """Returns the initializer of the kernel for outputs of `sizes`."""
        return self.kernel_initializer

    def bias_shape(self, sizes):
        """Returns the bias' shape for outputs of `sizes`, the channels last."""
        return (self.filters,)

    def convolve(self, inputs):
        """Returns the layer's outputs without bias and activation."""
        raise NotImplementedError

    def build(self, input_shape):
        if len(input_shape) != self.rank + 2:
            raise ValueError(
                f"The inputs must have {self.rank + 2} axes. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        axis = -1 if self.data_format == "channels_last" else 1
        channels = static_channels(input_shape, axis)
        sizes = self._places(self.compute_output_shape(input_shape))
        self.input_spec = keras.layers.InputSpec(ndim=self.rank + 2, axes={axis: channels})
        self.kernel = self.add_weight(
            name="kernel",
            shape=self.kernel_shape(channels, sizes),
            initializer=self.kernel_start(sizes),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=self.bias_shape(sizes),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, inputs):
        return self.finish(self.convolve(inputs))

    def finish(self, outputs):
        """Adds the bias to what was convolved and applies the activation."""
        if self.use_bias:
            outputs = add_bias(outputs, self.bias, self.data_format)
        return self.activation(outputs)

    def receptive_field_steps(self):
        """Returns the branches' steps for `kerasbook.receptive_field`."""
        extents = tuple(
            (size - 1) * rate + 1
            for size, rate in zip(self.kernel_size, self.dilation_rate, strict=True)
        )
        padding = self.padding
        if padding == "causal":
            padding = tuple((extent - 1, 0) for extent in extents)
        return [[(extents, self.strides, padding)]]

    def compute_output_shape(self, input_shape):
        output_shape = self.shape_of_outputs(input_shape)
        if any(size is not None and size < 1 for size in self._places(output_shape)):
            raise ValueError(
                "The dilated kernel must not be larger than the inputs. Received: "
                f"input_shape={tuple(input_shape)}, kernel_size={self.kernel_size}, "
                f"dilation_rate={self.dilation_rate}, padding={self.padding!r}"
            )
        return output_shape

    def shape_of_outputs(self, input_shape):
        """Returns the outputs' shape unchecked, so that sizes may be `None` or scalar tensors."""
        sizes = tuple(
            ops.conv_output_length(length, kernel_size, stride, self.padding, rate)
            for length, kernel_size, stride, rate in zip(
                self._places(input_shape),
                self.kernel_size,
                self.strides,
                self.dilation_rate,
                strict=True,
            )
        )
        if self.data_format == "channels_last":
            return (input_shape[0], *sizes, self.filters)
        return (input_shape[0], self.filters, *sizes)

    def _places(self, shape):
        """Returns the sizes of the axes of space."""
        return tuple(shape[1:-1] if self.data_format == "channels_last" else shape[2:])

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": list(self.dilation_rate),
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


def add_bias(outputs, bias, data_format):
    """Adds a bias whose last axis are the channels, and the axes before it those of space."""
    if data_format == "channels_last":
        return keras.ops.add(outputs, bias)
    missing = len(outputs.shape) - 1 - len(bias.shape)
    bias = keras.ops.moveaxis(keras.ops.reshape(bias, (1,) * missing + tuple(bias.shape)), -1, 0)
    # On TensorFlow `keras.ops.add` takes any vector as long as the last axis for a bias of that
    # axis, whatever its shape; the operator broadcasts.
    return outputs + bias
