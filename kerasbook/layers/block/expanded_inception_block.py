"""The Inception block of version 3 with the widest outputs."""

import keras

from kerasbook.layers.block.inception import FactorizedInception
from kerasbook.layers.structure import Chain


@keras.saving.register_keras_serializable(package="kerasbook")
class ExpandedInceptionBlock(FactorizedInception):
    """Looks at each place through a row and a column side by side, in two of its paths.

    Four paths side by side: 1 x 1; 1 x 1, then 1 x 3 beside 3 x 1; 1 x 1, 3 x 3, then 1 x 3 beside
    3 x 1; 3 x 3 pooling, then 1 x 1. It stands where the maps are smallest.

    Args:
        filters_1x1: Number of filters of the first path.
        filters_single: Number of filters of the second path, before and in
            each of the row and the column: two integers, or one for both.
        filters_double: Number of filters of the third path, before and in
            the 3 x 3, the row and the column: two integers, or one for both.
        pool_filters: Number of filters of the fourth path, after the pooling.
        pooling: Pooling of the fourth path, `"avg"` or `"max"`.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, height, width, filters_1x1 + 2 * filters_single[1] +
        2 * filters_double[1] + pool_filters))`, or with the
        channels first.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> block = kerasbook.layers.ExpandedInceptionBlock(
        ...     320, (384, 384), filters_double=(448, 384), pool_filters=192
        ... )
        >>> block.compute_output_shape((None, 8, 8, 1280))
        (None, 8, 8, 2048)

    Reference:
        Szegedy et al., 2016, figure 7, https://arxiv.org/abs/1512.00567
    """

    def __init__(self, filters_1x1, filters_single, *, filters_double, pool_filters, **kwargs):
        super().__init__(
            filters_1x1,
            filters_single,
            filters_double=filters_double,
            pool_filters=pool_filters,
            **kwargs,
        )
        before, after = self.filters_double
        self.body = self.four_paths(
            filters_1x1,
            self._fork(self.filters_single[:1], (1,), self.filters_single[1]),
            self._fork((before, after), (1, 3), after),
            pool_filters,
        )

    def _fork(self, widths, kernel_sizes, filters):
        """Returns a path that ends in a row beside a column."""
        ends = [self.unit(filters, size) for size in ((1, 3), (3, 1))]
        path = [self.path(widths, kernel_sizes), self.side_by_side(ends)]
        return Chain(path, dtype=self.dtype_policy)
