"""Dilated convolutions of several rates side by side, and the image as a whole."""

import keras
from keras import ops

from kerasbook.layers.arguments import positive_integer, positive_integers
from kerasbook.layers.composite import Block
from kerasbook.layers.structure import Chain, Concatenation


class _ImagePooling(Chain):
    """Calls its parts on the image's mean and spreads the result over all places."""

    def __init__(self, parts, places, **kwargs):
        super().__init__(parts, **kwargs)
        self.places = places

    def call(self, inputs):
        mean = super().call(ops.mean(inputs, axis=self.places, keepdims=True))
        shape = list(ops.shape(mean))
        for axis in self.places:
            shape[axis] = ops.shape(inputs)[axis]
        return ops.broadcast_to(mean, shape)

    def receptive_field_steps(self):
        return [[(None, 1, 0)]]


@keras.saving.register_keras_serializable(package="kerasbook")
class AtrousSpatialPyramid(Block):
    """Looks at each place in several widths at once: atrous spatial pyramid pooling.

    One 1 x 1 convolution, one dilated convolution for each rate, and the mean of the image
    through a 1 x 1 convolution stand side by side, each with normalization and activation; a
    last 1 x 1 convolution mixes them.

    Args:
        filters: Number of output channels, of every branch and of the whole.
        dilation_rates: List of the rates of the dilated branches.
        kernel_size: Height and width of the dilated kernels, or one integer for both.
        image_pooling: Whether the mean of the image is a branch. A batch normalization there
            sees one value for each image, so training wants batches of more than one.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, height, width, filters)`, or with the channels first.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> layer = kerasbook.layers.AtrousSpatialPyramid(8, (2, 4))
        >>> tuple(layer(np.ones((2, 9, 11, 4), "float32")).shape)
        (2, 9, 11, 8)

    Reference:
        Chen et al., 2017 (DeepLabv3), section 3.3, https://arxiv.org/abs/1706.05587
    """

    def __init__(
        self, filters, dilation_rates=(6, 12, 18), *, kernel_size=3, image_pooling=True, **kwargs
    ):
        super().__init__(**kwargs)
        self.filters = positive_integer("filters", filters)
        if not isinstance(dilation_rates, (list, tuple)) or not dilation_rates:
            raise ValueError(
                "`dilation_rates` must be a list of positive integers. "
                f"Received: dilation_rates={dilation_rates!r}"
            )
        self.dilation_rates = positive_integers(
            "dilation_rates", dilation_rates, len(dilation_rates)
        )
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        self.image_pooling = image_pooling
        branches = [self.unit(filters, 1)]
        for rate in self.dilation_rates:
            branches.append(self.unit(filters, self.kernel_size, dilation_rate=rate))
        if image_pooling:
            places = (1, 2) if self.channel_axis == -1 else (2, 3)
            branches.append(_ImagePooling([self.unit(filters, 1)], places, dtype=self.dtype_policy))
        pyramid = Concatenation(branches, self.channel_axis, dtype=self.dtype_policy)
        self.body = Chain([pyramid, self.unit(filters, 1)], dtype=self.dtype_policy)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "dilation_rates": list(self.dilation_rates),
            "kernel_size": list(self.kernel_size),
            "image_pooling": self.image_pooling,
        }
