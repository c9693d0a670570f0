"""The Inception block of version 3 with kernels of one row and of one column."""

import keras

from kerasbook.layers.arguments import positive_integer
from kerasbook.layers.block.inception import FactorizedInception


@keras.saving.register_keras_serializable(package="kerasbook")
class AsymmetricInceptionBlock(FactorizedInception):
    """Looks at each place through rows and columns in place of large kernels.

    Four paths side by side: 1 x 1; 1 x 1, 1 x n, n x 1; 1 x 1, n x 1, 1 x n, n x 1, 1 x n; 3 x 3
    pooling, then 1 x 1. Within a path the number of filters is the first one until the last
    convolution.

    Args:
        filters_1x1: Number of filters of the first path.
        filters_single: Number of filters of the second path, before and in
            its last convolution: two integers, or one for both.
        filters_double: Number of filters of the third path, before and in
            its last convolution: two integers, or one for both.
        pool_filters: Number of filters of the fourth path, after the pooling.
        kernel_size: Length `n` of the rows and columns, an integer.
        pooling: Pooling of the fourth path, `"avg"` or `"max"`.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, height, width, filters_1x1 + filters_single[1] +
        filters_double[1] + pool_filters))`, or with the
        channels first.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> block = kerasbook.layers.AsymmetricInceptionBlock(
        ...     192, (128, 192), filters_double=(128, 192), pool_filters=192
        ... )
        >>> block.compute_output_shape((None, 17, 17, 768))
        (None, 17, 17, 768)

    Reference:
        Szegedy et al., 2016, figure 6, https://arxiv.org/abs/1512.00567. The order of rows and
        columns is that of the well-known implementation of the network.
    """

    def __init__(
        self,
        filters_1x1,
        filters_single,
        *,
        filters_double,
        pool_filters,
        kernel_size=7,
        **kwargs,
    ):
        super().__init__(
            filters_1x1,
            filters_single,
            filters_double=filters_double,
            pool_filters=pool_filters,
            **kwargs,
        )
        self.kernel_size = positive_integer("kernel_size", kernel_size)
        row, column = (1, kernel_size), (kernel_size, 1)
        single, double = self.filters_single, self.filters_double
        self.body = self.four_paths(
            filters_1x1,
            self.path((single[0],) * 2 + single[1:], (1, row, column)),
            self.path((double[0],) * 4 + double[1:], (1, column, row, column, row)),
            pool_filters,
        )

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size}
