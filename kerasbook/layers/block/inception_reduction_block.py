"""The Inception block that halves the size of the maps."""

import keras

from kerasbook.layers.arguments import one_of, positive_integer, positive_integers
from kerasbook.layers.block.inception import Inception


@keras.saving.register_keras_serializable(package="kerasbook")
class InceptionReductionBlock(Inception):
    """Halves height and width by strided kernels and by pooling, side by side.

    Three paths: 1 x 1, then 3 x 3 with strides; 1 x 1, 3 x 3, then 3 x 3 with strides; pooling of
    3 x 3 windows with strides, which hands all channels on. No map is narrowed before it is
    shrunk, and none is widened first at the full price.

    Args:
        filters_single: Number of filters of the first path, before and in the 3 x 3: two
            integers; or one integer, and no 1 x 1 stands before it.
        filters_double: Number of filters of the second path, in the 1 x 1 and in those after it:
            two integers, or one for both.
        row_size: `None`, or the length `n` of a row and a column, 1 x n and n x 1, that stand in
            place of the 3 x 3 without strides, both with the first number of filters.
        strides: Strides of all paths, two integers or one.
        padding: `"valid"` or `"same"`, of what has strides.
        pooling: Pooling of the third path, `"max"` or `"avg"`.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, (height - 1) // 2, (width - 1) // 2, channels)` with the strides and the
        padding that are the default, where `channels` are the inputs' and those of the first two
        paths; or with the channels first.

    Raises:
        ValueError: If an argument is out of range, or the inputs are smaller than 3 x 3.

    Example:
        >>> block = kerasbook.layers.InceptionReductionBlock(384, (64, 96))
        >>> block.compute_output_shape((None, 35, 35, 288))
        (None, 17, 17, 768)

    Reference:
        Szegedy et al., 2016, figure 10, https://arxiv.org/abs/1512.00567; `row_size` as in the
        well-known implementation of the network.
    """

    def __init__(
        self,
        filters_single,
        filters_double,
        *,
        row_size=None,
        strides=2,
        padding="valid",
        pooling="max",
        **kwargs,
    ):
        super().__init__(pooling=pooling, **kwargs)
        if isinstance(filters_single, (list, tuple)):
            filters_single = positive_integers("filters_single", filters_single, 2)
        else:
            positive_integer("filters_single", filters_single)
        self.filters_single = filters_single
        self.filters_double = positive_integers("filters_double", filters_double, 2)
        self.row_size = row_size if row_size is None else positive_integer("row_size", row_size)
        self.strides = positive_integers("strides", strides, 2)
        self.padding = one_of("padding", padding, ("valid", "same"))
        last = {"strides": self.strides, "padding": self.padding}
        before, after = self.filters_double
        if row_size is None:
            double = self.path((before, after, after), (1, 3, 3), **last)
        else:
            sizes = (1, (1, row_size), (row_size, 1), 3)
            double = self.path((before, before, before, after), sizes, **last)
        if isinstance(filters_single, int):
            single = self.path((filters_single,), (3,), **last)
        else:
            single = self.path(filters_single, (1, 3), **last)
        self.body = self.side_by_side([single, double, self.pool(**last)])

    def get_config(self):
        single = self.filters_single
        return {
            **super().get_config(),
            "filters_single": single if isinstance(single, int) else list(single),
            "filters_double": list(self.filters_double),
            "row_size": self.row_size,
            "strides": list(self.strides),
            "padding": self.padding,
        }
