"""The units of ShuffleNet, in both versions."""

import keras
from keras import ops

from kerasbook.layers.arguments import (
    one_of,
    positive_integer,
    positive_integers,
    static_channels,
)
from kerasbook.layers.composite import Block
from kerasbook.layers.convolution.channel_shuffle import ChannelShuffle
from kerasbook.layers.structure import Chain, Concatenation, Sum


def _interleave(tensors, axis):
    """Returns what a shuffle makes of a concatenation, in one pass over memory."""
    axis %= len(tensors[0].shape)
    sizes = list(ops.shape(tensors[0]))
    sizes[axis] *= len(tensors)
    return ops.reshape(ops.stack(tensors, axis=axis + 1), sizes)


class _Interleaved(Concatenation):
    """Calls every part on the same inputs and interleaves the results."""

    def call(self, inputs):
        return _interleave([part(inputs) for part in self.parts], self.axis)


class _InterleavedShares(Concatenation):
    """Calls its parts on as many shares of the channels and interleaves the results."""

    def build(self, input_shape):
        shape = list(input_shape)
        shape[self.axis] //= len(self.parts)
        super().build(tuple(shape))

    def call(self, inputs):
        shares = ops.split(inputs, len(self.parts), axis=self.axis)
        outputs = [part(share) for part, share in zip(self.parts, shares, strict=True)]
        return _interleave(outputs, self.axis)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable(package="kerasbook")
class ShuffleUnit(Block):
    """Mixes channels by 1 x 1 convolutions of some of them and a shuffle, and space by depth.

    Version 1: `F = grouped 1 x 1, norm, a, shuffle, depthwise, norm, grouped 1 x 1, norm`, with a
    share of the filters within; `y = a(x + F(x))`, or with strides `y = a([pool(x), F(x)])`, the
    averages of windows beside as many filters as are missing.

    Version 2: the first half of the channels stays, `G = 1 x 1, norm, a, depthwise, norm, 1 x 1,
    norm, a` changes the other; `y = shuffle([x_1, G(x_2)])`. With strides, or where the number of
    channels changes, both halves come from all channels: the first from `depthwise, norm, 1 x 1,
    norm, a`.

    Args:
        filters: Number of output channels; without strides in version 1, that of the inputs.
            Version 2 wants an even number.
        version: 1 or 2.
        groups: Number of groups of the 1 x 1 convolutions of version 1.
        kernel_size: Height and width of the depthwise kernel, or one integer for both.
        strides: Strides of the depthwise convolutions, two integers or one.
        bottleneck_ratio: Output channels for one channel within, in version 1.
        grouped_first: Whether the first convolution of version 1 is grouped. The paper does
            without where there are few channels: in the first unit of the network.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, ceil(height / stride), ceil(width / stride), filters)`, or with the
        channels first.

    Raises:
        ValueError: If an argument is out of range, or the channels do not fit it.

    Example:
        >>> unit = kerasbook.layers.ShuffleUnit(116, version=2, strides=2)
        >>> unit.compute_output_shape((None, 56, 56, 24))
        (None, 28, 28, 116)

    Reference:
        Zhang et al., 2018, figure 2, https://arxiv.org/abs/1707.01083; Ma et al., 2018, figure
        3, https://arxiv.org/abs/1807.11164
    """

    def __init__(
        self,
        filters,
        *,
        version=2,
        groups=1,
        kernel_size=3,
        strides=1,
        bottleneck_ratio=4,
        grouped_first=True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = positive_integer("filters", filters)
        self.version = one_of("version", version, (1, 2))
        self.groups = positive_integer("groups", groups)
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        self.strides = positive_integers("strides", strides, 2)
        self.bottleneck_ratio = positive_integer("bottleneck_ratio", bottleneck_ratio)
        self.grouped_first = grouped_first
        if version == 2 and (groups > 1 or filters % 2):
            raise ValueError(
                "`filters` must be even and `groups` 1 in version 2. "
                f"Received: filters={filters}, groups={groups}"
            )
        if version == 1 and (filters < bottleneck_ratio or filters // bottleneck_ratio % groups):
            raise ValueError(
                "`groups` must divide the number of channels within. "
                f"Received: groups={groups}, channels={filters // bottleneck_ratio}"
            )

    def build(self, input_shape):
        channels = static_channels(input_shape, self.channel_axis)
        self.body = self._version_1(channels) if self.version == 1 else self._version_2(channels)
        super().build(input_shape)

    def _version_1(self, channels):
        options = {"dtype": self.dtype_policy}
        strided = self.strides != (1, 1)
        filters = self.filters - channels if strided else self.filters
        if (filters < 1) if strided else (channels != filters):
            raise ValueError(
                "`filters` must be the number of input channels, or with strides above it. "
                f"Received: filters={self.filters}, channels={channels}, strides={self.strides}"
            )
        inner = self.filters // self.bottleneck_ratio
        branch = [
            self.unit(inner, 1, groups=self.groups if self.grouped_first else 1),
            ChannelShuffle(self.groups, axis=self.channel_axis, **options),
            self._depthwise(),
            self.unit(filters, 1, groups=self.groups, activation=None),
        ]
        if self.groups == 1:
            del branch[1]
        shortcut = Chain([], **options)
        if strided:
            shortcut = keras.layers.AveragePooling2D(
                3, strides=self.strides, padding="same", data_format=self.data_format, **options
            )
        both = [shortcut, Chain(branch, **options)]
        joined = (
            Concatenation(both, self.channel_axis, **options) if strided else Sum(both, **options)
        )
        activation = keras.layers.Activation(self.activation, **options)
        return Chain([joined, activation], **options)

    def _version_2(self, channels):
        options = {"dtype": self.dtype_policy}
        half = self.filters // 2
        second = Chain([self.unit(half, 1), self._depthwise(), self.unit(half, 1)], **options)
        if self.strides == (1, 1) and channels == self.filters:
            halves = [Chain([], **options), second]
            return _InterleavedShares(halves, self.channel_axis, **options)
        first = Chain([self._depthwise(), self.unit(half, 1)], **options)
        return _Interleaved([first, second], self.channel_axis, **options)

    def _depthwise(self):
        return self.unit(1, self.kernel_size, depthwise=True, strides=self.strides, activation=None)

    def compute_output_shape(self, input_shape):
        return self.same_shape(input_shape, self.filters, self.strides)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "version": self.version,
            "groups": self.groups,
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "bottleneck_ratio": self.bottleneck_ratio,
            "grouped_first": self.grouped_first,
        }
