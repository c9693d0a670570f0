"""Grouped convolution: groups of channels convolved apart."""

import keras

from kerasbook.layers.convolution.conv2d import Conv2D


@keras.saving.register_keras_serializable(package="kerasbook")
class GroupedConv2D(Conv2D):
    """Convolves `groups` groups of channels apart and concatenates the results.

    Parameters and multiply-adds are those of `Conv2D` divided by `groups`. The number of groups
    has to be said, and the padding keeps the size; all else is as in `Conv2D`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first;
            `channels` a multiple of `groups`.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first.

    Example:
        >>> layer = kerasbook.layers.GroupedConv2D(32, 3, groups=4, use_bias=False)
        >>> layer.build((None, 8, 8, 16))
        >>> layer.count_params() == 3 * 3 * 16 * 32 // 4
        True

    Reference:
        Krizhevsky et al., 2012, section 3.2, https://doi.org/10.1145/3065386
    """

    def __init__(self, filters, kernel_size, *, groups, padding="same", **kwargs):
        super().__init__(filters, kernel_size, groups=groups, padding=padding, **kwargs)
