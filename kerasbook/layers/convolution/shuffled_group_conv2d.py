"""Grouped convolution whose groups see each other in the next one."""

import keras

from kerasbook import ops
from kerasbook.layers.convolution.grouped_conv2d import GroupedConv2D


@keras.saving.register_keras_serializable(package="kerasbook")
class ShuffledGroupConv2D(GroupedConv2D):
    """Convolves groups of channels apart and interleaves the groups of the results.

    After it each group of a following grouped convolution holds filters of every group before
    it: filter `g n + i` of `groups * n` comes out as channel `i * groups + g`. The number of groups
    has to be said, and the padding keeps the size; all else is as in `Conv2D`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first;
            `channels` a multiple of `groups`.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first.

    Example:
        >>> layer = kerasbook.layers.ShuffledGroupConv2D(32, 3, groups=4)
        >>> tuple(layer(np.ones((1, 8, 8, 16), "float32")).shape)
        (1, 8, 8, 32)

    Reference:
        Zhang et al., 2018 (ShuffleNet), section 3.1, https://arxiv.org/abs/1707.01083. There
        the shuffle stands between two grouped convolutions of a unit; see `ShuffleUnit`.
    """

    def call(self, inputs):
        axis = -1 if self.data_format == "channels_last" else 1
        return ops.channel_shuffle(super().call(inputs), self.groups, axis)
