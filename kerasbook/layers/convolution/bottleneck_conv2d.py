"""A convolution between two of size 1 x 1, which narrow the channels and widen them again."""

import math

import keras

from kerasbook.layers.arguments import one_of, positive_integer, positive_integers
from kerasbook.layers.composite import Composite
from kerasbook.layers.structure import Chain


@keras.saving.register_keras_serializable(package="kerasbook")
class BottleneckConv2D(Composite):
    """Narrows the channels by a 1 x 1 convolution, convolves, and widens them by 1 x 1 again.

    With `m` channels in the middle the weights are `channels m + k^2 m^2 + m filters`; for `m =
    sqrt(filters)` this is `channels sqrt(filters) + k^2 filters + filters^1.5`, against
    `k^2 channels filters` of one convolution. Normalization and activation follow each.

    Args:
        filters: Number of output channels.
        kernel_size: Height and width of the kernel in the middle, or one integer for both.
        bottleneck_filters: Number of channels in the middle; `None` takes the square root of
            `filters`, rounded.
        strides: Strides of the convolution in the middle, two integers or one.
        padding: `"valid"` or `"same"`, of the convolution in the middle.
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
        >>> layer = kerasbook.layers.BottleneckConv2D(64, 3, use_bias=False)
        >>> layer.build((None, 8, 8, 64))
        >>> layer.count_params() == 64 * 8 + 9 * 64 + 64 * 8
        True

    Reference:
        He et al., 2016, section 4.1, https://arxiv.org/abs/1512.03385, whose middle has a
        quarter of the channels.
    """

    def __init__(
        self, filters, kernel_size, *, bottleneck_filters=None, strides=1, padding="same", **kwargs
    ):
        super().__init__(**kwargs)
        self.filters = positive_integer("filters", filters)
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        middle = round(math.sqrt(filters))
        if bottleneck_filters is not None:
            middle = positive_integer("bottleneck_filters", bottleneck_filters)
        self.bottleneck_filters = bottleneck_filters
        self.strides = positive_integers("strides", strides, 2)
        self.padding = one_of("padding", padding, ("valid", "same"))
        self.body = Chain(
            [
                self.unit(middle, 1),
                self.unit(middle, self.kernel_size, strides=self.strides, padding=self.padding),
                self.unit(filters, 1),
            ],
            dtype=self.dtype_policy,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": list(self.kernel_size),
            "bottleneck_filters": self.bottleneck_filters,
            "strides": list(self.strides),
            "padding": self.padding,
        }
