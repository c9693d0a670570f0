"""The activation that a search found, with its parameter learned."""

import keras
from keras import constraints, initializers, ops, regularizers

from kerasbook import ops as kernels
from kerasbook.layers.arguments import boolean, static_channels
from kerasbook.layers.told import no_products, position_wise


@keras.saving.register_keras_serializable(package="kerasbook")
class Swish(keras.layers.Layer):
    """Multiplies each number by its own sigmoid, whose steepness is learned.

    `y = x sigmoid(beta x)`. With `beta = 1` it is `silu`, of values above -0.2785; with `beta = 0`
    it is `x / 2`, and the larger `beta`, the nearer it is to ReLU.

    Args:
        beta: Where `beta` starts, or stays; any finite number.
        learn_beta: Whether `beta` is a weight; else it is the constant.
        axis: Axis along which every index has its own `beta`, e.g. -1 for one per channel;
            `None` has one for all.
        beta_regularizer: Penalty on `beta`.
        beta_constraint: Projection of `beta` after an update.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ...)` of rank 2 or more, of static size along `axis`;
            of the first call's rank with `learn_beta`.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If `beta` is no finite number, or `axis` no axis of a static size.

    Example:
        >>> layer = kerasbook.layers.Swish(beta=2.0)
        >>> [round(float(y), 3) for y in layer(np.array([[-1, 0, 1]], "float32"))[0]]
        [-0.119, 0.0, 0.881]

    Reference:
        Ramachandran et al., 2017, section 3, https://arxiv.org/abs/1710.05941. `keras.
        activations.silu` is the same with `beta` fixed at 1.
    """

    receptive_field_steps = position_wise
    multiply_adds = no_products
    works_in_place = True

    def __init__(
        self,
        beta=1.0,
        *,
        learn_beta=True,
        axis=None,
        beta_regularizer=None,
        beta_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        number = isinstance(beta, (int, float)) and not isinstance(beta, bool)
        if not number or not abs(beta) < float("inf"):
            raise ValueError(f"`beta` must be a finite number. Received: beta={beta!r}")
        if axis is not None and (isinstance(axis, bool) or not isinstance(axis, int)):
            raise ValueError(f"`axis` must be an integer or None. Received: axis={axis!r}")
        self.supports_masking = True
        self.beta = beta
        self.learn_beta = boolean("learn_beta", learn_beta)
        self.axis = axis
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)

    def build(self, input_shape):
        if not self.learn_beta:
            return
        self.input_spec = keras.layers.InputSpec(ndim=len(input_shape))
        shape = [1] * len(input_shape)
        if self.axis is not None:
            shape[self.axis] = static_channels(input_shape, self.axis)
        self.steepness = self.add_weight(
            name="beta",
            shape=tuple(shape),
            initializer=initializers.Constant(self.beta),
            regularizer=self.beta_regularizer,
            constraint=self.beta_constraint,
            autocast=False,  # its gradient sums over the batch
        )

    def call(self, inputs):
        x = ops.cast(inputs, self.compute_dtype)
        if self.beta == 1 and not self.learn_beta:
            return ops.silu(x)  # for which backends have one kernel
        return kernels.swish(x, self.steepness if self.learn_beta else self.beta)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "beta": self.beta,
            "learn_beta": self.learn_beta,
            "axis": self.axis,
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
        }
