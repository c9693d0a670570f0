"""What stands between two dense blocks: fewer channels and fewer places."""

import keras

from kerasbook.layers.arguments import positive_integers, static_channels
from kerasbook.layers.composite import Block
from kerasbook.layers.structure import Chain


@keras.saving.register_keras_serializable(package="kerasbook")
class TransitionBlock(Block):
    """Narrows the channels by a 1 x 1 convolution and averages windows.

    `y = avgpool(conv(a(norm(x))))` with `floor(compression * channels)` filters and windows that
    do not overlap.

    Args:
        compression: Output channels for one input channel, above 0 and at most 1.
        pool_size: Height and width of the windows, or one integer for both.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`. By default there is
            no bias, since the next dense block begins with normalizations.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, height // pool_size, width // pool_size, floor(compression * channels))`,
        or with the channels first.

    Raises:
        ValueError: If an argument is out of range, no channel is left, or a window is larger than
            the inputs.

    Example:
        >>> block = kerasbook.layers.TransitionBlock()
        >>> tuple(block(np.ones((2, 8, 6, 10), "float32")).shape)
        (2, 4, 3, 5)

    Reference:
        Huang et al., 2017, section 3, https://arxiv.org/abs/1608.06993
    """

    def __init__(self, compression=0.5, *, pool_size=2, use_bias=False, **kwargs):
        super().__init__(use_bias=use_bias, **kwargs)
        if not isinstance(compression, (int, float)) or not 0 < compression <= 1:
            raise ValueError(
                f"`compression` must be in (0, 1]. Received: compression={compression!r}"
            )
        self.compression = compression
        self.pool_size = positive_integers("pool_size", pool_size, 2)

    def build(self, input_shape):
        channels = static_channels(input_shape, self.channel_axis)
        filters = int(self.compression * channels)
        if filters < 1:
            raise ValueError(
                "`compression` must leave a channel. "
                f"Received: compression={self.compression}, channels={channels}"
            )
        pool = keras.layers.AveragePooling2D(
            self.pool_size, data_format=self.data_format, dtype=self.dtype_policy
        )
        # A mean and a 1 x 1 convolution commute, and after the mean there are fewer places.
        self.body = Chain(
            [
                self.activated(pool, activation_first=True),
                self.unit(filters, 1, normalization=None, activation=None),
            ],
            dtype=self.dtype_policy,
        )
        super().build(input_shape)

    def compute_output_shape(self, input_shape):
        channels = static_channels(input_shape, self.channel_axis)
        shape = list(self.same_shape(input_shape, int(self.compression * channels)))
        first = 1 if self.channel_axis == -1 else 2
        for axis, size in enumerate(self.pool_size, first):
            shape[axis] = None if shape[axis] is None else shape[axis] // size
        return tuple(shape)

    def get_config(self):
        return {
            **super().get_config(),
            "compression": self.compression,
            "pool_size": list(self.pool_size),
        }
