"""A weight for each channel at the end of a residual branch, so that the branch begins small."""

import keras
from keras import constraints, initializers, ops, regularizers

from kerasbook.layers.arguments import number_of, static_channels
from kerasbook.layers.told import position_wise


@keras.saving.register_keras_serializable(package="kerasbook")
class LayerScale(keras.layers.Layer):
    """Multiplies each channel by a learned weight of its own, which begins small.

    `y = gamma * x` with one weight `gamma` per channel, all of which start at `initial_value`. At
    the end of a residual branch it lets a deep network begin near the identity.

    Args:
        initial_value: What the weights start at, not 0; the deeper the network, the smaller.
        axis: The channel axis.
        gamma_regularizer: Penalty on `gamma`.
        gamma_constraint: Projection of `gamma` after an update.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ..., channels)` of rank 2 or more; the channels may stand
            elsewhere, see `axis`.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If `initial_value` is 0 or no finite number, or `axis` is no axis of the
            inputs but the batch's, or has no static size.

    Example:
        >>> branch = np.array([[2, -4, 6]], "float32")
        >>> print(np.asarray(kerasbook.layers.LayerScale(0.5)(branch)))
        [[ 1. -2.  3.]]

    Reference:
        Touvron et al., 2021, section 2, https://arxiv.org/abs/2103.17239
    """

    receptive_field_steps = position_wise

    def __init__(
        self,
        initial_value=1e-6,
        *,
        axis=-1,
        gamma_regularizer=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.initial_value = number_of(
            "initial_value", initial_value, "a number other than 0", bool
        )
        self.axis = axis
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.input_spec = keras.layers.InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape):
        self.gamma = self.add_weight(
            name="gamma",
            shape=(static_channels(input_shape, self.axis),),
            initializer=initializers.Constant(self.initial_value),
            regularizer=self.gamma_regularizer,
            constraint=self.gamma_constraint,
        )

    def call(self, inputs):
        shape = [1] * len(inputs.shape)
        shape[self.axis] = -1
        return ops.cast(inputs, self.compute_dtype) * ops.reshape(self.gamma, shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "initial_value": self.initial_value,
            "axis": self.axis,
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }
