"""The step of the first artificial neurons, made trainable."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.told import position_wise

ESTIMATORS = (None, "identity", "clipped")


@keras.saving.register_keras_serializable(package="kerasbook")
class Heaviside(keras.layers.Layer):
    """Tells whether numbers are positive: 0 or 1, with a gradient that trains.

    `y = 0` for `x < 0`, `value_at_zero` for `x = 0` and 1 for `x > 0`. The slope is zero wherever
    it exists, so the gradient handed on is an estimate: `dx = dy` with `"identity"`, `dx = dy` for
    `|x| <= 1` and else 0 with `"clipped"`.

    Args:
        value_at_zero: Value at zero, in [0, 1]. Textbooks have both `x >= 0` (1) and `x > 0` (0).
        straight_through: `"identity"` or `"clipped"`, see above, or `None` for the true
            gradient, zero.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor of any shape.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If `value_at_zero` is not in [0, 1] or `straight_through` is unknown.

    Example:
        >>> layer = kerasbook.layers.Heaviside()
        >>> np.asarray(layer(np.array([-2, 0, 3], "float32"))).tolist()
        [0.0, 1.0, 1.0]

    Reference:
        Rosenblatt, 1958, https://doi.org/10.1037/h0042519; the straight-through estimator:
        Bengio et al., 2013, section 4, https://arxiv.org/abs/1308.3432, and clipped: Hubara et
        al., 2016, section 2.3, https://arxiv.org/abs/1602.02830. `value_at_zero` is the second
        argument of `numpy.heaviside`.
    """

    receptive_field_steps = position_wise
    works_in_place = True

    def __init__(self, *, value_at_zero=1.0, straight_through="identity", **kwargs):
        super().__init__(**kwargs)
        number = isinstance(value_at_zero, (int, float)) and not isinstance(value_at_zero, bool)
        if not number or not 0 <= value_at_zero <= 1:
            raise ValueError(f"`value_at_zero` must be in [0, 1]. Received: {value_at_zero=}")
        if straight_through not in ESTIMATORS:
            raise ValueError(
                f"`straight_through` must be one of {ESTIMATORS}. Received: {straight_through=}"
            )
        self.supports_masking = True
        self.value_at_zero = value_at_zero
        self.straight_through = straight_through

    def call(self, inputs):
        x = ops.cast(inputs, self.compute_dtype)
        return kernels.heaviside(x, self.value_at_zero, self.straight_through)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "value_at_zero": self.value_at_zero,
            "straight_through": self.straight_through,
        }
