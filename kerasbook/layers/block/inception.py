"""What the Inception blocks share: paths side by side, and how they are wired of widths."""

import keras

from kerasbook.layers.arguments import one_of, positive_integer, positive_integers
from kerasbook.layers.composite import Block
from kerasbook.layers.structure import Chain, Concatenation

POOLINGS = {"avg": keras.layers.AveragePooling2D, "max": keras.layers.MaxPooling2D}


class Inception(Block):
    """Base of the Inception blocks, which concatenate paths from the same inputs.

    Args:
        pooling: Pooling of the path that pools, `"avg"` or `"max"`.
        **kwargs: Passed to `Block`.
    """

    def __init__(self, *, pooling="avg", **kwargs):
        super().__init__(**kwargs)
        self.pooling = one_of("pooling", pooling, tuple(POOLINGS))

    def path(self, widths, kernel_sizes, **options):
        """Returns a chain of units; `options` are those of the last convolution."""
        *before, last = zip(widths, kernel_sizes, strict=True)
        layers = [self.unit(*each) for each in before]
        return Chain([*layers, self.unit(*last, **options)], dtype=self.dtype_policy)

    def pool(self, strides=1, padding="same"):
        """Returns the pooling of windows of 3 x 3."""
        return POOLINGS[self.pooling](
            3,
            strides=strides,
            padding=padding,
            data_format=self.data_format,
            dtype=self.dtype_policy,
        )

    def side_by_side(self, paths):
        """Returns the concatenation of paths."""
        return Concatenation(paths, self.channel_axis, dtype=self.dtype_policy)

    def four_paths(self, filters_1x1, second, third, pool_filters):
        """Returns 1 x 1, two given paths, and the pooling before 1 x 1, side by side."""
        pool, unit = self.pool(), self.unit(pool_filters, 1)
        pooled = Chain([pool, unit], dtype=self.dtype_policy)
        if self.pooling == "avg":
            # A mean and a 1 x 1 convolution commute, and after the latter there is less to pool.
            pooled = self.activated(Chain([unit.convolution, pool], dtype=self.dtype_policy))
        return self.side_by_side([self.unit(filters_1x1, 1), second, third, pooled])

    def get_config(self):
        return {**super().get_config(), "pooling": self.pooling}


class FactorizedInception(Inception):
    """Base of the blocks of version 3, with a path of one kernel and a path of two.

    A subclass makes `self.body` of `self.four_paths(...)`.

    Args:
        filters_1x1: Number of filters of the path of 1 x 1.
        filters_single: Number of filters before and in the path of one kernel.
        filters_double: Number of filters before and in the path of two kernels.
        pool_filters: Number of filters after the pooling.
        **kwargs: Passed to `Inception`.
    """

    def __init__(self, filters_1x1, filters_single, *, filters_double, pool_filters, **kwargs):
        super().__init__(**kwargs)
        self.filters_1x1 = positive_integer("filters_1x1", filters_1x1)
        self.filters_single = positive_integers("filters_single", filters_single, 2)
        self.filters_double = positive_integers("filters_double", filters_double, 2)
        self.pool_filters = positive_integer("pool_filters", pool_filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters_1x1": self.filters_1x1,
            "filters_single": list(self.filters_single),
            "filters_double": list(self.filters_double),
            "pool_filters": self.pool_filters,
        }
