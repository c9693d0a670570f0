"""Filter response normalization: by the root mean square of a channel, then cut off."""

import keras
from keras import constraints, initializers, ops, regularizers

from kerasbook import ops as kernels
from kerasbook.layers.normalization.channel_normalization import ChannelNormalization
from kerasbook.layers.told import all_positions


@keras.saving.register_keras_serializable(package="kerasbook")
class FilterResponseNormalization(ChannelNormalization):
    """Divides each channel of each sample by its root mean square; a learned threshold follows.

    `y = max(gamma x / sqrt(nu2 + epsilon) + beta, tau)` with `nu2` the mean of `x^2` over the
    positions of one sample and channel, and `gamma`, `beta` and `tau` one value per channel. No
    mean is subtracted, and no sample depends on another.

    The threshold stands in for the activation that follows a normalization (with `beta` 0 and
    `tau` 0 it is a rectifier); put none after it.

    Args:
        axis: The channel axis.
        epsilon: Added to the mean of the squares, above 0.
        learn_epsilon: Whether `epsilon + |e|` takes its place, with a learned number `e` that
            starts at 1e-4. For inputs that have one position or few, such as those between
            dense layers: with one, all that is left of `x` without it is the sign.
        threshold: Whether to cut off below `tau`; else `y` is what stands first in the `max`.
        center: Whether to add `beta`.
        scale: Whether to multiply by `gamma`.
        beta_initializer: Initializer of `beta`.
        gamma_initializer: Initializer of `gamma`.
        tau_initializer: Initializer of `tau`.
        beta_regularizer: Penalty on `beta`.
        gamma_regularizer: Penalty on `gamma`.
        tau_regularizer: Penalty on `tau`.
        beta_constraint: Projection of `beta` after an update.
        gamma_constraint: Projection of `gamma` after an update.
        tau_constraint: Projection of `tau` after an update.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ..., channels)` of rank 2 or more; the channels may
            stand elsewhere, see `axis`. The squares are summed in at least float32. A mask is
            passed on, but what it hides counts in them.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If `epsilon` is not above 0, or `axis` is no axis of the inputs but the
            batch's, or has no static size.

    Example:
        >>> layer = kerasbook.layers.FilterResponseNormalization()
        >>> x = np.array([[[3, -2], [4, -2]]], "float32")  # root mean squares 3.54 and 2
        >>> print(np.asarray(layer(x)).round(2))
        [[[0.85 0.  ]
          [1.13 0.  ]]]

    Reference:
        Singh and Krishnan, 2020, section 3, https://arxiv.org/abs/1911.09737
    """

    receptive_field_steps = all_positions

    def __init__(
        self,
        *,
        axis=-1,
        epsilon=1e-6,
        learn_epsilon=False,
        threshold=True,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        tau_initializer="zeros",
        beta_regularizer=None,
        gamma_regularizer=None,
        tau_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        tau_constraint=None,
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
        self.learn_epsilon = learn_epsilon
        self.threshold = threshold
        self.tau_initializer = initializers.get(tau_initializer)
        self.tau_regularizer = regularizers.get(tau_regularizer)
        self.tau_constraint = constraints.get(tau_constraint)

    def build(self, input_shape):
        super().build(input_shape)
        channels = input_shape[self.axis]
        self.tau = self.channel_weight("tau", channels) if self.threshold else None
        self.learned_epsilon = None
        if self.learn_epsilon:
            self.learned_epsilon = self.add_weight(
                name="learned_epsilon",
                shape=(),
                initializer=initializers.Constant(1e-4),
                autocast=False,
            )

    def call(self, inputs):
        return self.over_last_axis(self._normalize, inputs)

    def _normalize(self, x):
        epsilon = self.epsilon
        if self.learn_epsilon:
            epsilon = epsilon + ops.abs(self.learned_epsilon)
        gamma = self.gamma if self.scale else ops.ones((x.shape[-1],))
        beta = self.beta if self.center else ops.zeros((x.shape[-1],))
        return kernels.filter_response_normalization(x, gamma, beta, self.tau, epsilon=epsilon)

    def get_config(self):
        return {
            **super().get_config(),
            "learn_epsilon": self.learn_epsilon,
            "threshold": self.threshold,
            "tau_initializer": initializers.serialize(self.tau_initializer),
            "tau_regularizer": regularizers.serialize(self.tau_regularizer),
            "tau_constraint": constraints.serialize(self.tau_constraint),
        }
