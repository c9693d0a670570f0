"""A convolution of each channel by itself, then one across the channels."""

import keras

from kerasbook.layers.arguments import one_of, positive_integer, positive_integers
from kerasbook.layers.composite import Composite
from kerasbook.layers.structure import Chain


@keras.saving.register_keras_serializable(package="kerasbook")
class DepthwiseSeparableConv2D(Composite):
    """Convolves every channel by itself, and then by 1 x 1 across the channels.

    Normalization and activation follow both, as in MobileNet; without them this is the layer
    `keras.layers.SeparableConv2D`. With multiplier `m` the weights are
    `k^2 channels m + channels m filters`.

    Args:
        filters: Number of output channels.
        kernel_size: Height and width of the depthwise kernel, or one integer for both.
        strides: Pixels between neighbouring outputs, two integers or one.
        padding: `"valid"` or `"same"`.
        dilation_rate: Pixels between neighbouring taps, two integers or one.
        depth_multiplier: Number of depthwise outputs for each channel.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> layer = kerasbook.layers.DepthwiseSeparableConv2D(
        ...     32, 3, strides=2, normalization="batch", activation="relu6"
        ... )
        >>> tuple(layer(np.ones((1, 9, 9, 16), "float32")).shape)
        (1, 5, 5, 32)

    Reference:
        Howard et al., 2017 (MobileNets), section 3.1, https://arxiv.org/abs/1704.04861
    """

    def __init__(
        self,
        filters,
        kernel_size,
        *,
        strides=1,
        padding="same",
        dilation_rate=1,
        depth_multiplier=1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = positive_integer("filters", filters)
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        self.strides = positive_integers("strides", strides, 2)
        self.padding = one_of("padding", padding, ("valid", "same"))
        self.dilation_rate = positive_integers("dilation_rate", dilation_rate, 2)
        self.depth_multiplier = positive_integer("depth_multiplier", depth_multiplier)
        depthwise = self.unit(
            depth_multiplier,
            self.kernel_size,
            depthwise=True,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
        )
        self.body = Chain([depthwise, self.unit(filters, 1)], dtype=self.dtype_policy)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "padding": self.padding,
            "dilation_rate": list(self.dilation_rate),
            "depth_multiplier": self.depth_multiplier,
        }
