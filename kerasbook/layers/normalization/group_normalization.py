"""Group normalization, with layer and instance normalization at its two ends."""

import keras

from kerasbook import ops as kernels
from kerasbook.layers.arguments import divisible, static_channels
from kerasbook.layers.normalization.channel_normalization import ChannelNormalization
from kerasbook.layers.told import all_positions


@keras.saving.register_keras_serializable(package="kerasbook")
class GroupNormalization(ChannelNormalization):
    """Normalizes each sample over its positions and the channels of each group.

    `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, mean and (biased) variance taken
    over the positions and the `channels / groups` channels of a group; `gamma` and `beta` have
    one value per channel. One group is layer normalization, as many as channels instance
    normalization.

    Args:
        groups: Number of groups, a divisor of the channels; -1 means as many as channels.
        axis: The channel axis.
        epsilon: Added to the variance, above 0.
        center: Whether to add `beta`.
        scale: Whether to multiply by `gamma`.
        beta_initializer: Initializer of `beta`.
        gamma_initializer: Initializer of `gamma`.
        beta_regularizer: Penalty on `beta`.
        gamma_regularizer: Penalty on `gamma`.
        beta_constraint: Projection of `beta` after an update.
        gamma_constraint: Projection of `gamma` after an update.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ..., channels)` of rank 2 or more; the channels may
            stand elsewhere, see `axis`. Statistics are taken in at least float32.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If `groups` is not a divisor of the channels, or `epsilon` not above 0.

    Example:
        >>> layer = kerasbook.layers.GroupNormalization(groups=2)
        >>> x = np.array([[1, 3, 10, 30]], "float32")
        >>> np.asarray(layer(x)).round(2).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]

    Reference:
        Wu and He, 2018, section 3.1, https://arxiv.org/abs/1803.08494. Arguments, variables
        and numbers are those of `keras.layers.GroupNormalization`, except that `groups=-1`
        stays in the config.
    """

    receptive_field_steps = all_positions

    def __init__(
        self,
        groups=32,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(
            axis=axis,
            epsilon=epsilon,
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
            **kwargs,
        )
        if isinstance(groups, bool) or not isinstance(groups, int) or groups == 0 or groups < -1:
            raise ValueError(
                f"`groups` must be a positive integer or -1. Received: groups={groups!r}"
            )
        self.groups = groups

    def build(self, input_shape):
        if self.groups != -1:
            divisible("groups", self.groups, static_channels(input_shape, self.axis))
        super().build(input_shape)

    def call(self, inputs):
        return self.over_last_axis(self._normalize, inputs)

    def _normalize(self, x):
        groups = x.shape[-1] if self.groups == -1 else self.groups
        return kernels.group_normalization(x, groups, self.gamma, self.beta, epsilon=self.epsilon)

    def get_config(self):
        return {**super().get_config(), "groups": self.groups}
