"""Kernels of several sizes side by side."""

import keras

from kerasbook.layers.arguments import positive_integer, positive_integers
from kerasbook.layers.composite import Composite
from kerasbook.layers.structure import Concatenation


@keras.saving.register_keras_serializable(package="kerasbook")
class MultiScaleConv2D(Composite):
    """Convolves the same inputs with kernels of several sizes and concatenates the results.

    `y = [conv_1(x), ..., conv_n(x)]` along the channels, each with its own kernel size and its
    share of the filters. Normalization and activation follow each.

    Args:
        filters: Number of output channels in all, a multiple of the number of sizes; or one
            number for each size.
        kernel_sizes: List of kernel sizes, an integer or a height and a width each.
        strides: Pixels between neighbouring outputs, two integers or one.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, ceil(height / stride), ceil(width / stride), channels)` with the sum of
        the filters as `channels`, or with the channels first.

    Raises:
        ValueError: If the filters cannot be shared out, or an argument is out of range.

    Example:
        >>> layer = kerasbook.layers.MultiScaleConv2D(12, [1, 3, 5])
        >>> tuple(layer(np.ones((1, 8, 9, 4), "float32")).shape)
        (1, 8, 9, 12)

    Reference:
        Szegedy et al., 2015, section 4, https://arxiv.org/abs/1409.4842
    """

    def __init__(self, filters, kernel_sizes=(1, 3, 5), *, strides=1, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(kernel_sizes, (list, tuple)) or not kernel_sizes:
            raise ValueError(
                "`kernel_sizes` must be a list of kernel sizes. "
                f"Received: kernel_sizes={kernel_sizes!r}"
            )
        sizes = [positive_integers("kernel_sizes", size, 2) for size in kernel_sizes]
        if isinstance(filters, int):
            positive_integer("filters", filters)
            if filters % len(sizes):
                raise ValueError(
                    "`filters` must be a multiple of the number of kernel sizes. "
                    f"Received: filters={filters}, kernel_sizes={kernel_sizes!r}"
                )
            shares = (filters // len(sizes),) * len(sizes)
        else:
            shares = positive_integers("filters", filters, len(sizes))
        self.filters = filters if isinstance(filters, int) else shares
        self.kernel_sizes = tuple(sizes)
        self.strides = positive_integers("strides", strides, 2)
        self.body = Concatenation(
            [
                self.unit(share, size, strides=self.strides)
                for share, size in zip(shares, sizes, strict=True)
            ],
            self.channel_axis,
            dtype=self.dtype_policy,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters if isinstance(self.filters, int) else list(self.filters),
            "kernel_sizes": [list(size) for size in self.kernel_sizes],
            "strides": list(self.strides),
        }
