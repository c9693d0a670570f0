"""A dense layer that drops weights while it trains."""

import keras
from keras import activations, ops

from kerasbook import ops as kernels
from kerasbook.layers.affine import Affine
from kerasbook.layers.arguments import (
    boolean,
    integer_seed,
    rate_below_one,
)


@keras.saving.register_keras_serializable(package="kerasbook")
class DropConnectDense(Affine):
    """A dense layer that zeroes random weights, for each image its own.

    While training, `y = activation(x (W * m) / (1 - rate) + b)` with `m ~ Bernoulli(1 - rate)`
    drawn for every weight, so that the mean before the activation is that of the dense layer;
    otherwise `y = activation(x W + b)`. Biases are not dropped.

    A mask for each image takes `batch * features * units` draws and numbers of memory, 51 million
    for 128 images, 784 features and 512 units. `per_image=False` takes one mask for the whole
    batch, at hardly more than a dense layer's cost, and with more noise in the gradient.

    Args:
        units: Size of the outputs.
        rate: Probability of zeroing a weight, in `[0, 1)`.
        per_image: Whether every image has its own mask.
        activation: Function applied to the result, or `None`.
        use_bias: Whether to add a bias.
        kernel_initializer: Initializer of the kernel `(features, units)`.
        bias_initializer: Initializer of the bias.
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        kernel_constraint: Projection of the kernel after an update.
        bias_constraint: Projection of the bias after an update.
        seed: Integer seed; `None` draws a fresh one.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ..., features)` of rank 2 or more; all positions of an
            image share its mask.
        training: Whether to drop. Defaults to `False`.

    Returns:
        Tensor `(batch, ..., units)` in the layer's compute dtype.

    Raises:
        ValueError: If `units` is no positive integer, `rate` not in [0, 1), or the features are
            unknown.

    Example:
        >>> layer = kerasbook.layers.DropConnectDense(4, rate=0.5)
        >>> tuple(layer(np.ones((2, 3), "float32"), training=True).shape)
        (2, 4)

    Reference:
        Wan et al., 2013, section 3, https://proceedings.mlr.press/v28/wan13.html. The paper
        drops biases as well, and at test time draws from a normal distribution with the
        moments of the pre-activation; here its mean is taken, as with dropout.
    """

    def __init__(
        self,
        units,
        rate=0.5,
        *,
        per_image=True,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        seed=None,
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
        self.rate = rate_below_one("rate", rate)
        self.per_image = boolean("per_image", per_image)
        self.activation = activations.get(activation)
        self.seed = integer_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if training and self.rate > 0:
            return self.apply(inputs, self.draw(ops.shape(inputs)[0]))
        return self.activation(self.transform(inputs))

    def draw(self, batch_size, seed=None):
        """Draws which weights survive: booleans `(batch_size or 1, features, units)`."""
        if seed is None:
            seed = self.seed_generator
        masks = batch_size if self.per_image else 1
        return kernels.random_uniform((masks, *self.kernel.shape), seed) >= self.rate

    def apply(self, inputs, survives):
        """Zeroes the weights that do not survive and divides the others by `1 - rate`."""
        x = ops.cast(inputs, self.compute_dtype)
        kernel = ops.cast(survives, self.compute_dtype) * (self.kernel / (1 - self.rate))
        if not self.per_image:
            return self.activation(self.add_bias(ops.matmul(x, ops.squeeze(kernel, 0))))
        shape = ops.shape(x)
        rows = ops.reshape(x, (shape[0], -1, shape[-1]))  # (batch, places, features)
        outputs = ops.matmul(rows, kernel)
        outputs = ops.reshape(outputs, (*shape[:-1], self.units))
        return self.activation(self.add_bias(outputs))

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "per_image": self.per_image,
            "activation": activations.serialize(self.activation),
            "seed": self.seed,
        }
