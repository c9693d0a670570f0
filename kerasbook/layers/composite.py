"""The base of layers that are made of convolutions: their shared arguments and their parts."""

import functools
import itertools
import math

import keras
from keras import activations, initializers, regularizers

from kerasbook.layers.arguments import data_format_of
from kerasbook.layers.convolution.conv2d import Conv2D
from kerasbook.layers.convolution.depthwise_conv2d import DepthwiseConv2D
from kerasbook.layers.normalization.batch_normalization import BatchNormalization
from kerasbook.layers.normalization.group_normalization import GroupNormalization
from kerasbook.layers.normalization.instance_normalization import InstanceNormalization
from kerasbook.layers.structure import Unit
from kerasbook.ops import conv_output_length

NORMALIZATIONS = ("batch", "group", "instance")


class Composite(keras.layers.Layer):
    """Base of layers that wire convolutions, normalizations and activations to one `body`.

    A subclass makes `self.body` in its constructor, of `self.unit(...)` and the structures of
    `kerasbook.layers.structure`, or overrides `build`, `call` and `compute_output_shape`.

    Args:
        activation: Function after each convolution, or `None`.
        normalization: What follows each convolution before its activation: `None`, `"batch"`,
            `"group"` (of at most 32 groups), `"instance"`, or a layer of normalization, of which
            every place gets its own copy.
        use_bias: Whether the convolutions have biases; `None` gives them biases only where no
            normalization follows.
        kernel_initializer: Initializer of the kernels.
        bias_initializer: Initializer of the biases.
        kernel_regularizer: Penalty on the kernels.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.
    """

    def __init__(
        self,
        *,
        activation=None,
        normalization=None,
        use_bias=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.normalization = self._normalization_of(normalization)
        if use_bias not in (True, False, None):
            raise ValueError(
                f"`use_bias` must be True, False or None. Received: use_bias={use_bias!r}"
            )
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.data_format = data_format_of(data_format)
        self.starts_made = itertools.count()
        self.channel_axis = -1 if self.data_format == "channels_last" else 1
        self.input_spec = keras.layers.InputSpec(ndim=4)

    @staticmethod
    def _normalization_of(value):
        if isinstance(value, dict):
            value = keras.saving.deserialize_keras_object(value)
        if value is None or isinstance(value, keras.layers.Layer) or value in NORMALIZATIONS:
            return value
        raise ValueError(
            f"`normalization` must be None, one of {NORMALIZATIONS} or a layer. "
            f"Received: normalization={value!r}"
        )

    def unit(
        self,
        filters,
        kernel_size,
        *,
        depthwise=False,
        activation="own",
        normalization="own",
        activation_first=False,
        zero_scale=False,
        **options,
    ):
        """Returns a convolution with its normalization and activation.

        Args:
            filters: Number of filters; for a depthwise convolution the depth multiplier.
            kernel_size: Size of the kernel.
            depthwise: Whether each channel is convolved by itself.
            activation: Instead of the layer's own.
            normalization: Instead of the layer's own.
            activation_first: Whether normalization and activation come before the convolution.
            zero_scale: Whether the outputs begin as zeros: by the scale of the normalization, or
                where none follows by the kernel.
            **options: Further arguments of the convolution; `padding` is `"same"` by default.
        """
        normalization = self._own_or(normalization)
        options = {"padding": "same", "data_format": self.data_format, **options}
        options.update(
            use_bias=self._has_bias(normalization, activation_first),
            bias_initializer=self.bias_initializer.clone(),
            dtype=self.dtype_policy,
        )
        initializer = with_seed_beyond(self.kernel_initializer, next(self.starts_made))
        if zero_scale and (normalization is None or activation_first):
            initializer = "zeros"
        if depthwise:
            convolution = DepthwiseConv2D(
                kernel_size,
                depth_multiplier=filters,
                depthwise_initializer=initializer,
                depthwise_regularizer=self.kernel_regularizer,
                **options,
            )
        else:
            convolution = Conv2D(
                filters,
                kernel_size,
                kernel_initializer=initializer,
                kernel_regularizer=self.kernel_regularizer,
                **options,
            )
        return self.activated(
            convolution,
            activation=activation,
            normalization=normalization,
            activation_first=activation_first,
            zero_scale=zero_scale and not activation_first,
        )

    def activated(
        self,
        layer,
        *,
        activation="own",
        normalization="own",
        activation_first=False,
        zero_scale=False,
    ):
        """Returns any layer with a normalization and an activation; arguments as in `unit`."""
        activation = self.activation if activation == "own" else activation
        normalization = self._own_or(normalization)
        activation = activations.get(activation)
        if isinstance(activation, keras.layers.Layer):  # with weights of its own
            activation = copy_of(activation, dtype=self.dtype_policy)
        make = None
        if normalization is not None:
            make = functools.partial(self._make_normalization, normalization, zero_scale)
        return Unit(
            layer,
            normalization=make,
            activation=activation,
            activation_first=activation_first,
            axis=self.channel_axis,
            dtype=self.dtype_policy,
        )

    def _own_or(self, normalization):
        if normalization == "own":
            return self.normalization
        return self._normalization_of(normalization)

    def _has_bias(self, normalization, activation_first):
        if self.use_bias is None:
            return normalization is None or activation_first
        return self.use_bias

    def _make_normalization(self, normalization, zero_scale, channels):
        """Returns a new layer of normalization for a number of channels."""
        options = {"axis": self.channel_axis, "dtype": self.dtype_policy}
        if zero_scale:
            options["gamma_initializer"] = "zeros"
        if normalization == "batch":
            return BatchNormalization(**options)
        if normalization == "group":
            return GroupNormalization(math.gcd(32, channels), **options)
        if normalization == "instance":
            return InstanceNormalization(**options)
        return copy_of(normalization, **options)

    def build(self, input_shape):
        self.body.build(input_shape)
        if not self.trainable:
            self.body.trainable = False  # which was made before this was known, or just now

    def call(self, inputs, training=False):
        return self.body(inputs)  # which learns of `training` from Keras' call context

    def compute_output_shape(self, input_shape):
        return self.body.compute_output_shape(input_shape)

    def receptive_field_steps(self):
        """Returns the branches' steps for `kerasbook.receptive_field`."""
        return [[self.body]]

    def get_config(self):
        normalization = self.normalization
        if isinstance(normalization, keras.layers.Layer):
            normalization = keras.saving.serialize_keras_object(normalization)
        return {
            **super().get_config(),
            "activation": activations.serialize(self.activation),
            "normalization": normalization,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "data_format": self.data_format,
        }


def with_seed_beyond(initializer, number):
    """Returns a new initializer whose seed, if it has one, is greater by `number`.

    Two layers with one seed would begin alike.
    """
    config = initializer.get_config()
    if isinstance(config.get("seed"), int):
        config["seed"] += number
    return type(initializer).from_config(config)


def copy_of(layer, **options):
    """Returns a new layer with the config of another, some of it replaced."""
    return type(layer).from_config({**layer.get_config(), "name": None, **options})


class Block(Composite):
    """Base of the blocks of networks: a `Composite` with other defaults."""

    def __init__(
        self, *, activation="relu", normalization="batch", kernel_initializer="he_normal", **kwargs
    ):
        super().__init__(
            activation=activation,
            normalization=normalization,
            kernel_initializer=kernel_initializer,
            **kwargs,
        )

    def same_shape(self, input_shape, filters, strides=(1, 1)):
        """Returns the shape of outputs of `filters` channels under padding `"same"`."""
        last = self.channel_axis == -1
        sizes = input_shape[1:-1] if last else input_shape[2:]
        sizes = [
            conv_output_length(size, 1, stride, "same")
            for size, stride in zip(sizes, strides, strict=True)
        ]
        return (input_shape[0], *sizes, filters) if last else (input_shape[0], filters, *sizes)
