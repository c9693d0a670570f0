"""The block of Network in Network: a convolution, then a small network at every place."""

import keras

from kerasbook.layers.arguments import one_of, positive_integer, positive_integers
from kerasbook.layers.composite import Block
from kerasbook.layers.structure import Chain


@keras.saving.register_keras_serializable(package="kerasbook")
class NiNBlock(Block):
    """Convolves, and runs the channels of every place through a network of 1 x 1 convolutions.

    `y = a(w_n ... a(w_1 a(conv(x) + b_0) + b_1) ... + b_n)` with `num_pointwise` matrices `w_i`,
    the same ones at every place, all of `filters` outputs.

    Args:
        filters: Number of output channels of each convolution.
        kernel_size: Height and width of the first kernel, or one integer for both.
        strides: Strides of the first convolution, two integers or one.
        padding: `"valid"` or `"same"`, of the first convolution.
        num_pointwise: Number of 1 x 1 convolutions.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`. By default there is
            no normalization, as in the paper.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first.

    Raises:
        ValueError: If an argument is out of range, or the kernel is larger than the inputs.

    Example:
        >>> block = kerasbook.layers.NiNBlock(96, 11, strides=4, padding="valid")
        >>> block.compute_output_shape((None, 227, 227, 3))
        (None, 55, 55, 96)

    Reference:
        Lin et al., 2014, section 3.1, https://arxiv.org/abs/1312.4400
    """

    def __init__(
        self,
        filters,
        kernel_size,
        *,
        strides=1,
        padding="same",
        num_pointwise=2,
        normalization=None,
        **kwargs,
    ):
        super().__init__(normalization=normalization, **kwargs)
        self.filters = positive_integer("filters", filters)
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        self.strides = positive_integers("strides", strides, 2)
        self.padding = one_of("padding", padding, ("valid", "same"))
        self.num_pointwise = positive_integer("num_pointwise", num_pointwise)
        first = self.unit(filters, self.kernel_size, strides=self.strides, padding=self.padding)
        pointwise = [self.unit(filters, 1) for _ in range(num_pointwise)]
        self.body = Chain([first, *pointwise], dtype=self.dtype_policy)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "padding": self.padding,
            "num_pointwise": self.num_pointwise,
        }
