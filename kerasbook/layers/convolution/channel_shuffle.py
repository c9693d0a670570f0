"""The shuffle that lets the groups of a grouped convolution see each other."""

import keras

from kerasbook import ops
from kerasbook.layers.arguments import divisible, positive_integer, static_channels
from kerasbook.layers.told import along_axis


@keras.saving.register_keras_serializable(package="kerasbook")
class ChannelShuffle(keras.layers.Layer):
    """Interleaves the channels of equal groups.

    `y[..., i * groups + g] = x[..., g * n + i]` with `n = channels / groups`: after it, each
    group of a following grouped convolution holds channels of every group before it.

    Args:
        groups: Number of groups, a divisor of the number of channels.
        axis: The channel axis.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Tensor of rank 2 or more with a static size along `axis`, any dtype. A mask is
            passed on where the channels stand last.

    Returns:
        Tensor with the shape and dtype of `inputs`.

    Raises:
        ValueError: If `groups` is no positive integer or does not divide the channels.

    Example:
        >>> x = np.arange(6.0, dtype="float32")[None]
        >>> np.asarray(kerasbook.layers.ChannelShuffle(2)(x)).tolist()
        [[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]]

    Reference:
        Zhang et al., 2018 (ShuffleNet), section 3.1, https://arxiv.org/abs/1707.01083
    """

    receptive_field_steps = along_axis

    def __init__(self, groups, *, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.groups = positive_integer("groups", groups)
        self.axis = axis

    def build(self, input_shape):
        divisible("groups", self.groups, static_channels(input_shape, self.axis))
        self.supports_masking = self.axis % len(input_shape) == len(input_shape) - 1

    def call(self, inputs):
        return ops.channel_shuffle(inputs, self.groups, self.axis)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}
