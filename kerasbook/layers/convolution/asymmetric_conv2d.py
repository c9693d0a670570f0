"""A convolution along the rows and one along the columns in place of a square one."""

import keras

from kerasbook.layers.arguments import one_of, positive_integer, positive_integers
from kerasbook.layers.composite import Composite
from kerasbook.layers.structure import Chain


@keras.saving.register_keras_serializable(package="kerasbook")
class AsymmetricConv2D(Composite):
    """Convolves by 1 x n along the rows, and the result by n x 1 along the columns.

    The weights are `n channels filters + n filters^2`: for as many filters as channels exactly
    2/n of those of an n x n convolution. Normalization and activation follow each.

    Args:
        filters: Number of output channels, of both convolutions.
        kernel_size: The number n, one integer.
        strides: Pixels between neighbouring outputs, two integers or one.
        padding: `"valid"` or `"same"`.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first, of the size
        that an n x n convolution has.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> layer = kerasbook.layers.AsymmetricConv2D(8, 7, use_bias=False)
        >>> layer.build((None, 20, 20, 8))
        >>> layer.count_params() * 7 == 2 * (7 * 7 * 8 * 8)
        True

    Reference:
        Szegedy et al., 2016, section 3.2, https://arxiv.org/abs/1512.00567
    """

    def __init__(self, filters, kernel_size, *, strides=1, padding="same", **kwargs):
        super().__init__(**kwargs)
        self.filters = positive_integer("filters", filters)
        self.kernel_size = positive_integer("kernel_size", kernel_size)
        self.strides = positive_integers("strides", strides, 2)
        self.padding = one_of("padding", padding, ("valid", "same"))
        rows, columns = self.strides
        self.body = Chain(
            [
                self.unit(filters, (1, kernel_size), strides=(1, columns), padding=self.padding),
                self.unit(filters, (kernel_size, 1), strides=(rows, 1), padding=self.padding),
            ],
            dtype=self.dtype_policy,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": list(self.strides),
            "padding": self.padding,
        }
