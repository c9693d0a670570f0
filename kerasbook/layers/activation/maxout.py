"""The activation that is learned as the greatest of several lines."""

import keras
from keras import ops

from kerasbook.layers.affine import Affine
from kerasbook.layers.arguments import positive_integer


@keras.saving.register_keras_serializable(package="kerasbook")
class Maxout(Affine):
    """Takes, for every unit, the greatest of several affine functions of the inputs.

    `y_u = max_p (x W_{p,u} + b_{p,u})` over `num_pieces` pieces `p`. With two pieces it holds twice
    the parameters of a dense layer; with the second at zero it is a dense layer with ReLU, with
    the second 0.01 times the first one with leaky ReLU.

    Args:
        units: Size of the outputs.
        num_pieces: Number of affine functions of a unit.
        use_bias: Whether the affine functions have biases.
        kernel_initializer: Initializer of the kernel `(features, num_pieces * units)`, all first
            pieces first.
        bias_initializer: Initializer of the bias `(num_pieces * units,)`.
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        kernel_constraint: Projection of the kernel after an update.
        bias_constraint: Projection of the bias after an update.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ..., features)` of rank 2 or more.

    Returns:
        Tensor `(batch, ..., units)` in the layer's compute dtype.

    Raises:
        ValueError: If `units` or `num_pieces` is no positive integer, or the features are
            unknown.

    Example:
        >>> layer = kerasbook.layers.Maxout(8, num_pieces=3)
        >>> tuple(layer(np.ones((2, 5), "float32")).shape), layer.count_params()
        ((2, 8), 144)

    Reference:
        Goodfellow et al., 2013, section 3, https://arxiv.org/abs/1302.4389, equation (1).
    """

    def __init__(
        self,
        units,
        num_pieces=2,
        *,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            units,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.num_pieces = positive_integer("num_pieces", num_pieces)

    def num_outputs(self):
        return self.num_pieces * self.units

    def call(self, inputs):
        outputs = self.transform(inputs)
        if inputs.shape[0] == 0:  # TensorFlow takes no maximum of nothing
            return outputs[..., : self.units]
        # Pieces before units: a maximum over the last axis is several times slower.
        shape = (*ops.shape(inputs)[:-1], self.num_pieces, self.units)
        return ops.max(ops.reshape(outputs, shape), axis=-2)

    def get_config(self):
        return {**super().get_config(), "num_pieces": self.num_pieces}
