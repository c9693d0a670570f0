"""The Inception block of version 3 with small kernels in place of large ones."""

import keras

from kerasbook.layers.arguments import positive_integer
from kerasbook.layers.block.inception import FactorizedInception


@keras.saving.register_keras_serializable(package="kerasbook")
class FactorizedInceptionBlock(FactorizedInception):
    """Looks at each place through one small kernel, through two, and through others.

    Four paths side by side: 1 x 1; 1 x 1, then `k x k`; 1 x 1, then 3 x 3 twice, in place of 5 x 5;
    3 x 3 pooling, then 1 x 1.

    Args:
        filters_1x1: Number of filters of the first path.
        filters_single: Number of filters of the second path, before and in
            the `k x k`: two integers, or one for both.
        filters_double: Number of filters of the third path, before and in
            the 3 x 3: two integers, or one for both.
        pool_filters: Number of filters of the fourth path, after the pooling.
        kernel_size: Size `k` of the second path's kernel, an integer.
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
        >>> block = kerasbook.layers.FactorizedInceptionBlock(
        ...     64, (48, 64), filters_double=(64, 96), pool_filters=32, kernel_size=5
        ... )
        >>> block.compute_output_shape((None, 35, 35, 192))
        (None, 35, 35, 256)

    Reference:
        Szegedy et al., 2016, figure 5, https://arxiv.org/abs/1512.00567. The well-known
        implementation of the network has `kernel_size=5` instead of the figure's 3.
    """

    def __init__(
        self,
        filters_1x1,
        filters_single,
        *,
        filters_double,
        pool_filters,
        kernel_size=3,
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
        before, after = self.filters_double
        self.body = self.four_paths(
            filters_1x1,
            self.path(self.filters_single, (1, kernel_size)),
            self.path((before, after, after), (1, 3, 3)),
            pool_filters,
        )

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size}
