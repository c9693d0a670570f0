"""A stack of small convolutions in place of a large one."""

import keras

from kerasbook.layers.arguments import one_of, positive_integer
from kerasbook.layers.composite import Composite
from kerasbook.layers.structure import Chain


@keras.saving.register_keras_serializable(package="kerasbook")
class StackedConv2D(Composite):
    """Convolves with several small kernels that together see as far as one large kernel.

    `n = (kernel_size - 1) / (small_kernel_size - 1)` convolutions of `small_kernel_size` see
    `kernel_size` pixels each way. For C channels throughout, three 3 x 3 kernels have 27 C^2
    weights where one of 7 x 7 has 49 C^2. Normalization and activation follow each of them.

    Args:
        filters: Number of output channels of each convolution.
        kernel_size: Height and width of the kernel that the stack stands for, one integer.
        small_kernel_size: Height and width of the small kernels, one integer of 2 or more;
            `small_kernel_size - 1` divides `kernel_size - 1`.
        padding: `"valid"` or `"same"`, of each convolution.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first.

    Raises:
        ValueError: If no number of small kernels sees as far as the large one.

    Example:
        >>> layer = kerasbook.layers.StackedConv2D(16, 7, use_bias=False)
        >>> layer.build((None, 20, 20, 16))
        >>> layer.count_params() == 27 * 16**2
        True

    Reference:
        Simonyan and Zisserman, 2015, section 2.3, https://arxiv.org/abs/1409.1556
    """

    def __init__(self, filters, kernel_size, *, small_kernel_size=3, padding="same", **kwargs):
        super().__init__(**kwargs)
        self.filters = positive_integer("filters", filters)
        self.kernel_size = positive_integer("kernel_size", kernel_size)
        self.small_kernel_size = positive_integer("small_kernel_size", small_kernel_size)
        self.padding = one_of("padding", padding, ("valid", "same"))
        if small_kernel_size < 2 or kernel_size < 2 or (kernel_size - 1) % (small_kernel_size - 1):
            raise ValueError(
                "`small_kernel_size - 1` must divide `kernel_size - 1`, both above 0. Received: "
                f"small_kernel_size={small_kernel_size}, kernel_size={kernel_size}"
            )
        number = (kernel_size - 1) // (small_kernel_size - 1)
        self.body = Chain(
            [self.unit(filters, small_kernel_size, padding=self.padding) for _ in range(number)],
            dtype=self.dtype_policy,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "small_kernel_size": self.small_kernel_size,
            "padding": self.padding,
        }
