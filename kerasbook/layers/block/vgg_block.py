"""The block of VGG: small convolutions that keep the size, then a pooling that halves it."""

import keras

from kerasbook.layers.arguments import positive_integer, positive_integers
from kerasbook.layers.composite import Block
from kerasbook.layers.structure import Chain


@keras.saving.register_keras_serializable(package="kerasbook")
class VGGBlock(Block):
    """Convolves several times, keeping the size, and takes the maxima of windows.

    `y = maxpool(a(conv(... a(conv(x)))))` with `num_convolutions` convolutions of the same
    number of filters and windows that do not overlap.

    Args:
        filters: Number of output channels of each convolution.
        num_convolutions: Number of convolutions.
        kernel_size: Height and width of the kernels, or one integer for both.
        pool_size: Height and width of the windows, or one integer for both; 1 does not pool.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`. By default there is
            no normalization, as in the paper.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, height // pool_size, width // pool_size, filters)`, or with the channels
        first.

    Raises:
        ValueError: If an argument is out of range, or a window is larger than the inputs.

    Example:
        >>> block = kerasbook.layers.VGGBlock(64, 2)
        >>> block.compute_output_shape((None, 224, 224, 3))
        (None, 112, 112, 64)

    Reference:
        Simonyan and Zisserman, 2015, section 2.1, https://arxiv.org/abs/1409.1556
    """

    def __init__(
        self,
        filters,
        num_convolutions,
        *,
        kernel_size=3,
        pool_size=2,
        normalization=None,
        **kwargs,
    ):
        super().__init__(normalization=normalization, **kwargs)
        self.filters = positive_integer("filters", filters)
        self.num_convolutions = positive_integer("num_convolutions", num_convolutions)
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        self.pool_size = positive_integers("pool_size", pool_size, 2)
        layers = [self.unit(filters, self.kernel_size) for _ in range(num_convolutions)]
        if self.pool_size != (1, 1):
            layers.append(
                keras.layers.MaxPooling2D(
                    self.pool_size, data_format=self.data_format, dtype=self.dtype_policy
                )
            )
        self.body = Chain(layers, dtype=self.dtype_policy)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "num_convolutions": self.num_convolutions,
            "kernel_size": list(self.kernel_size),
            "pool_size": list(self.pool_size),
        }
