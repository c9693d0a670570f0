"""The residual block that needs no normalization."""

import math

import keras
from keras import activations

from kerasbook import ops
from kerasbook.arguments import positive_integer
from kerasbook.initializers.fixup_he import FixupHe
from kerasbook.layers.arguments import data_format_of, positive_integers, static_channels
from kerasbook.layers.told import places


@keras.saving.register_keras_serializable(package="kerasbook")
class FixupResidualBlock(keras.layers.Layer):
    """Adds two convolutions to what comes in, ready to be stacked deep without normalization.

    `y = a(p(x) + s * (w2 conv (a(w1 conv (x + b1) + b2) + b3)) + b4)` with an activation `a`,
    scalars `b1` to `b4`, which start at 0, and `s`, which starts at 1. `w2` starts at 0 and `w1`
    as `kerasbook.initializers.FixupHe` says. `p` is the identity where the shapes allow it, else
    a 1 x 1 convolution of `x + b1` with the same strides. The classifier after the last block
    should start at 0 too.

    Args:
        filters: Number of output channels.
        num_blocks: Number of residual branches in the whole network, 1 or more: the more, the
            smaller `w1`.
        kernel_size: Height and width of the kernels in taps, or one integer for both.
        strides: Strides of the first convolution, two integers or one.
        activation: The activation, of the branch and of the sum.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`.

    Returns:
        Tensor `(batch, ceil(height / stride), ceil(width / stride), filters)`, or with the
        channels first, in the layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range, or the number of channels unknown.

    Example:
        >>> block = kerasbook.layers.FixupResidualBlock(16, num_blocks=24, strides=2)
        >>> tuple(block(np.ones((2, 8, 6, 8), "float32")).shape)
        (2, 4, 3, 16)

    Reference:
        Zhang, Dauphin and Ma, 2019, figure 1, https://arxiv.org/abs/1901.09321. The authors'
        code has the same projection for ImageNet; for CIFAR it pools and pads in its place.
    """

    def __init__(
        self,
        filters,
        *,
        num_blocks,
        kernel_size=3,
        strides=1,
        activation="relu",
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = positive_integer("filters", filters)
        self.num_blocks = positive_integer("num_blocks", num_blocks)
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        self.strides = positive_integers("strides", strides, 2)
        self.activation = activations.get(activation)
        self.data_format = data_format_of(data_format)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape):
        channels = static_channels(input_shape, -1 if self.data_format == "channels_last" else 1)
        filters = self.filters
        self.kernel1 = self.add_weight(
            name="kernel1",
            shape=(*self.kernel_size, channels, filters),
            initializer=FixupHe(self.num_blocks, layers_per_branch=2),
        )
        self.kernel2 = self.add_weight(
            name="kernel2",
            shape=(*self.kernel_size, filters, filters),
            initializer="zeros",
            autocast=False,
        )
        self.projection = None
        if channels != filters or self.strides != (1, 1):
            self.projection = self.add_weight(
                name="projection", shape=(1, 1, channels, filters), initializer="he_normal"
            )
        self.biases = [
            self.add_weight(name=f"bias{i}", shape=(), initializer="zeros") for i in range(1, 5)
        ]
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones", autocast=False)

    def call(self, inputs):
        x = keras.ops.cast(inputs, self.compute_dtype)
        bias1, bias2, bias3, bias4 = self.biases
        # The factor goes into the kernel: cheaper, and its gradient is summed in full precision.
        kernel2 = keras.ops.cast(self.scale * self.kernel2, self.compute_dtype)
        shifted = x + bias1
        branch = self.activation(self._conv(shifted, self.kernel1, self.strides) + bias2)
        branch = self._conv(branch + bias3, kernel2, (1, 1)) + bias4
        if self.projection is not None:
            x = self._conv(shifted, self.projection, self.strides)
        return self.activation(x + branch)

    def _conv(self, inputs, kernel, strides):
        return ops.conv(
            inputs, kernel, strides=strides, padding="same", data_format=self.data_format
        )

    def receptive_field_steps(self):
        """Returns the branches' steps for `kerasbook.receptive_field`."""
        branch = [(self.kernel_size, self.strides, "same"), (self.kernel_size, 1, "same")]
        return [branch, [(1, self.strides, "same")]]

    def multiply_adds(self, input_shape, output_shape):
        """Returns the taps of all kernels at each position."""
        kernels = [self.kernel1, self.kernel2, self.projection]
        taps = sum(math.prod(kernel.shape) for kernel in kernels if kernel is not None)
        return places(self, output_shape) * taps

    def compute_output_shape(self, input_shape):
        if self.data_format == "channels_last":
            batch, *sizes, _ = input_shape
        else:
            batch, _, *sizes = input_shape
        sizes = [
            None if size is None else -(-size // stride)
            for size, stride in zip(sizes, self.strides, strict=True)
        ]
        if self.data_format == "channels_last":
            return (batch, *sizes, self.filters)
        return (batch, self.filters, *sizes)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "num_blocks": self.num_blocks,
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "activation": activations.serialize(self.activation),
            "data_format": self.data_format,
        }
