"""Group normalization, with layer and instance normalization at its two ends."""

import keras
from keras import constraints, initializers, ops, regularizers

from kerasbook import ops as kernels
from kerasbook.layers.arguments import divisible, static_channels


@keras.saving.register_keras_serializable(package="kerasbook")
class GroupNormalization(keras.layers.Layer):
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
        super().__init__(**kwargs)
        if isinstance(groups, bool) or not isinstance(groups, int) or groups == 0 or groups < -1:
            raise ValueError(
                f"`groups` must be a positive integer or -1. Received: groups={groups!r}"
            )
        if not isinstance(epsilon, (int, float)) or not epsilon > 0:
            raise ValueError(f"`epsilon` must be above 0. Received: epsilon={epsilon}")
        self.supports_masking = True
        self.groups = groups
        self.axis = axis
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def build(self, input_shape):
        channels = static_channels(input_shape, self.axis)
        divisible("groups", channels if self.groups == -1 else self.groups, channels)
        self.input_spec = keras.layers.InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                name="gamma",
                shape=(channels,),
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                autocast=False,
            )
        if self.center:
            self.beta = self.add_weight(
                name="beta",
                shape=(channels,),
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                autocast=False,
            )

    def call(self, inputs):
        last = self.axis % len(inputs.shape) == len(inputs.shape) - 1
        inputs = ops.cast(inputs, self.compute_dtype)
        x = inputs if last else ops.moveaxis(inputs, self.axis, -1)
        groups = x.shape[-1] if self.groups == -1 else self.groups
        outputs = kernels.group_normalization(
            x, groups, self.gamma, self.beta, epsilon=self.epsilon
        )
        return outputs if last else ops.moveaxis(outputs, -1, self.axis)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "groups": self.groups,
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }
