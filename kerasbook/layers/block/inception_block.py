"""The Inception block of GoogLeNet: four paths side by side."""

import keras

from kerasbook.layers.arguments import positive_integer, positive_integers
from kerasbook.layers.block.inception import Inception


@keras.saving.register_keras_serializable(package="kerasbook")
class InceptionBlock(Inception):
    """Looks at each place through kernels of several sizes and concatenates what they see.

    Four paths: 1 x 1; 1 x 1, then 3 x 3; 1 x 1, then 5 x 5; 3 x 3 pooling, then 1 x 1. The 1 x 1
    before a larger kernel narrows the channels, which saves weights.

    Args:
        filters_1x1: Number of filters of the first path.
        filters_3x3: Number of filters of the second path, before and in the 3 x 3: two integers,
            or one for both.
        filters_5x5: Number of filters of the third path, before and in the 5 x 5: two integers,
            or one for both.
        pool_filters: Number of filters of the fourth path, after the pooling.
        pooling: Pooling of the fourth path, `"max"` or `"avg"`.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`. By default there is
            no normalization, as in the paper.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, height, width, filters_1x1 + filters_3x3[1] + filters_5x5[1] +
        pool_filters))`, or with the
        channels first.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> block = kerasbook.layers.InceptionBlock(
        ...     64, (96, 128), filters_5x5=(16, 32), pool_filters=32
        ... )
        >>> block.compute_output_shape((None, 28, 28, 192))
        (None, 28, 28, 256)

    Reference:
        Szegedy et al., 2015, section 4, figure 2b, https://arxiv.org/abs/1409.4842
    """

    def __init__(
        self,
        filters_1x1,
        filters_3x3,
        *,
        filters_5x5,
        pool_filters,
        pooling="max",
        normalization=None,
        **kwargs,
    ):
        super().__init__(pooling=pooling, normalization=normalization, **kwargs)
        self.filters_1x1 = positive_integer("filters_1x1", filters_1x1)
        self.filters_3x3 = positive_integers("filters_3x3", filters_3x3, 2)
        self.filters_5x5 = positive_integers("filters_5x5", filters_5x5, 2)
        self.pool_filters = positive_integer("pool_filters", pool_filters)
        self.body = self.four_paths(
            filters_1x1,
            self.path(self.filters_3x3, (1, 3)),
            self.path(self.filters_5x5, (1, 5)),
            pool_filters,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "filters_1x1": self.filters_1x1,
            "filters_3x3": list(self.filters_3x3),
            "filters_5x5": list(self.filters_5x5),
            "pool_filters": self.pool_filters,
        }
