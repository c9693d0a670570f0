"""What the normalizations of channels share: the axis, `epsilon`, `gamma` and `beta`."""

import keras
from keras import constraints, initializers, ops, regularizers

from kerasbook.layers.arguments import number_of, static_channels


class ChannelNormalization(keras.layers.Layer):
    """Base of layers with a scale `gamma` and an offset `beta` for each channel.

    The arguments are described in `kerasbook.layers.GroupNormalization`.
    """

    def __init__(
        self,
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
        self.axis = axis
        self.epsilon = number_of("epsilon", epsilon, "above 0", lambda x: x > 0)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True

    def build(self, input_shape):
        channels = static_channels(input_shape, self.axis)
        self.input_spec = keras.layers.InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        self.gamma = self.channel_weight("gamma", channels) if self.scale else None
        self.beta = self.channel_weight("beta", channels) if self.center else None

    def channel_weight(self, name, channels):
        """Adds a weight for each channel, by the arguments that begin with its name."""
        return self.add_weight(
            name=name,
            shape=(channels,),
            initializer=getattr(self, f"{name}_initializer"),
            regularizer=getattr(self, f"{name}_regularizer"),
            constraint=getattr(self, f"{name}_constraint"),
            autocast=False,
        )

    def over_last_axis(self, normalize, inputs):
        """Calls `normalize` on inputs with their channels last, in the compute dtype."""
        last = self.axis % len(inputs.shape) == len(inputs.shape) - 1
        inputs = ops.cast(inputs, self.compute_dtype)
        outputs = normalize(inputs if last else ops.moveaxis(inputs, self.axis, -1))
        return outputs if last else ops.moveaxis(outputs, -1, self.axis)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
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
