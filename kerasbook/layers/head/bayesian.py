"""What the layers share whose weights are normal distributions: draws, divergence, config."""

import math

import keras
from keras import initializers, ops

from kerasbook import ops as kernels
from kerasbook.layers.arguments import boolean, integer_seed, number_of, one_of, positive_integer

ESTIMATORS = ("local_reparameterization", "flipout")
FLOOR = 1e-30  # of standard deviations, so that their logarithm is finite whatever rho is


class Bayesian(keras.layers.Layer):
    """Base of layers that are linear in a kernel, each of whose weights has a distribution.

    It stands before `Affine` or a convolution among a class's bases, whose kernel and bias
    become means. A subclass sets `channel_axis` and writes `linear`, and, where its other base
    has not, `finish` (adds the bias' mean and applies the activation) and `shape_of_outputs` (for
    sizes that may be scalar tensors). The arguments are described in
    `kerasbook.layers.BayesianDense`.
    """

    channel_axis = -1

    def __init__(
        self,
        *,
        num_examples,
        estimator="local_reparameterization",
        prior_scale=1.0,
        initial_scale=0.05,
        sampling=False,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_examples = positive_integer("num_examples", num_examples)
        self.estimator = one_of("estimator", estimator, ESTIMATORS)
        self.prior_scale = number_of("prior_scale", prior_scale, "above 0", lambda v: v > 0)
        self.initial_scale = number_of("initial_scale", initial_scale, "above 0", lambda v: v > 0)
        self.sampling = boolean("sampling", sampling)
        self.seed = integer_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def add_weight(self, **kwargs):
        # Squares of small deviations would vanish in half precision.
        return super().add_weight(**{**kwargs, "autocast": False})

    def build(self, input_shape):
        super().build(input_shape)
        scale = self.initial_scale
        start = initializers.Constant(scale + math.log(-math.expm1(-scale)))
        self.kernel_rho = self.add_weight(
            name="kernel_rho", shape=self.kernel.shape, initializer=start
        )
        self.bias_rho = None
        if self.use_bias:
            self.bias_rho = self.add_weight(
                name="bias_rho", shape=self.bias.shape, initializer=start
            )

    def linear(self, inputs, kernel):
        """Returns what the layer makes of inputs with a kernel, without bias and activation."""
        raise NotImplementedError

    def call(self, inputs, training=False):
        self.add_loss(self.divergence() / self.num_examples)
        if training or self.sampling:
            return self.apply(inputs, self.draw(ops.shape(inputs)))
        return self._finished(self.linear(self._wide(inputs), self._wide(self.kernel)))

    def scales(self):
        """Returns the standard deviations of the kernel and, if there is one, of the bias."""
        rhos = [self.kernel_rho] + ([self.bias_rho] if self.use_bias else [])
        return [ops.softplus(self._wide(rho)) + FLOOR for rho in rhos]

    def divergence(self):
        """Returns the Kullback-Leibler divergence of all weights from the prior, in nats."""
        means = [self.kernel] + ([self.bias] if self.use_bias else [])
        total = 0.0
        for mean, scale in zip(means, self.scales(), strict=True):
            squares = (ops.square(scale) + ops.square(self._wide(mean))) / self.prior_scale**2
            total += ops.sum(squares / 2 - 0.5 - ops.log(scale / self.prior_scale))
        return total

    def draw(self, input_shape, seed=None):
        """Draws all the randomness of a call.

        Args:
            input_shape: Shape of the inputs, with the batch.
            seed: Integer, or `None` for our own.

        Returns:
            By local reparameterization, normal numbers of the outputs' shape. By Flipout, a
            dictionary of normal numbers for the "kernel" and the "bias" (one of each for the
            batch), and of the signs of "inputs" and "outputs" `(batch, 1, ..., channels)`.
        """
        if seed is None:
            seed = self.seed_generator
        if self.estimator == "local_reparameterization":
            return kernels.random_normal(self.shape_of_outputs(input_shape), seed)
        channels = input_shape[self.channel_axis], self.kernel.shape[-1]
        size = math.prod(self.kernel.shape)
        numbers = kernels.random_normal((size + self.use_bias * channels[1],), seed)
        other = seed + 1 if isinstance(seed, int) else seed  # one seed twice draws alike
        signs = kernels.random_uniform((input_shape[0], sum(channels)), other)
        signs = ops.where(signs < 0.5, -1.0, 1.0)
        return {
            "kernel": ops.reshape(numbers[:size], self.kernel.shape),
            "bias": numbers[size:],
            "inputs": self._along_channels(signs[:, : channels[0]], len(input_shape)),
            "outputs": self._along_channels(signs[:, channels[0] :], len(input_shape)),
        }

    def apply(self, inputs, draws):
        """Returns the outputs for what `draw` returned."""
        x = self._wide(inputs)
        draws = keras.tree.map_structure(self._wide, draws)
        kernel_scale, *bias_scale = self.scales()
        rank = len(x.shape)
        outputs = self.linear(x, self._wide(self.kernel))
        if self.estimator == "local_reparameterization":
            variance = self.linear(ops.square(x), ops.square(kernel_scale))
            for scale in bias_scale:
                variance += self._along_channels(ops.square(scale)[None], rank)
            return self._finished(outputs + _root(variance) * draws)
        changes = self.linear(x * draws["inputs"], kernel_scale * draws["kernel"])
        for scale in bias_scale:
            changes += self._along_channels((scale * draws["bias"])[None], rank)
        return self._finished(outputs + changes * draws["outputs"])

    def _finished(self, outputs):
        return ops.cast(self.finish(outputs), self.compute_dtype)

    def _wide(self, tensor):
        return ops.cast(tensor, keras.backend.result_type(self.compute_dtype, "float32"))

    def _along_channels(self, values, rank):
        """Reshapes `(batch, channels)` to `rank` axes, the channels where the inputs have them."""
        shape = [1] * rank
        shape[0], shape[self.channel_axis] = ops.shape(values)
        return ops.reshape(values, shape)

    def get_config(self):
        return {
            **super().get_config(),
            "num_examples": self.num_examples,
            "estimator": self.estimator,
            "prior_scale": self.prior_scale,
            "initial_scale": self.initial_scale,
            "sampling": self.sampling,
            "seed": self.seed,
        }


def _root(variance):
    """Returns the square root, with a gradient of zero at zero: there nothing is random."""
    positive = variance > 0
    return ops.where(positive, ops.sqrt(ops.where(positive, variance, 1.0)), 0.0)
