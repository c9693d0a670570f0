"""What the heads share that return a distribution."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.affine import Linear
from kerasbook.layers.arguments import number_of, positive_integer


class DensityHead(Linear):
    """Base of heads that return the parameters of a distribution in one packed tensor.

    They compute in float32 whatever the policy, or in float64 if that is the layer's dtype. A
    subclass names its distribution by the attribute `mixture`, a `kerasbook.ops.Mixture`.
    """

    def __init__(self, output_size, *, min_scale=1e-3, **kwargs):
        super().__init__(autocast=False, **kwargs)  # inputs and weights stay as exact as they are
        self.output_size = positive_integer("output_size", output_size)
        self.min_scale = number_of("min_scale", min_scale, "a number above 0", lambda v: v > 0)

    def num_outputs(self):
        return self.mixture.packed_size

    def kernel_dtype(self):
        return "float64" if self.compute_dtype == "float64" else "float32"

    def call(self, inputs):
        rows = ops.cast(self.transform(inputs), self.kernel_dtype())
        return self.mixture.activate(rows, self.min_scale)

    def mean(self, output):
        """Returns the mean, `(..., output_size)`.

        Raises:
            ValueError: For Student's t with at most one degree of freedom, which has none.
        """
        return self.mixture.mean(self.packed(output))

    def variance(self, output):
        """Returns the variance of each number, `(..., output_size)`.

        For Student's t it is infinite with at most two degrees of freedom.

        Raises:
            ValueError: For Student's t with at most one degree of freedom, which has none.
        """
        return self.mixture.variance(self.packed(output))

    def log_prob(self, output, target):
        """Returns the logarithm of the density at targets `(..., output_size)`, `(...)`.

        A target of one number may lack the last axis.
        """
        output = self.packed(output)
        return self.mixture.log_density(output, self.mixture.aligned("target", target, output))

    def cdf(self, output, target):
        """Returns for each number of a target the probability of one below it.

        With several numbers these are the marginal distribution functions, one for each.

        Returns:
            Tensor `(..., output_size)`.
        """
        output = self.packed(output)
        return self.mixture.cumulative(output, self.mixture.aligned("target", target, output))

    def sample(self, output, seed, temperature=1.0):
        """Draws from each distribution, `(..., output_size)`.

        Args:
            output: What the head returned.
            seed: Integer, or a `keras.random.SeedGenerator`, which moves on.
            temperature: Above 0; 1 samples from the distribution itself. Distances from the
                location are multiplied by its square root, as the power `1 / temperature` of a
                normal density does, and weights raised to that power.
        """
        output = self.packed(output)
        return self.apply(output, self.draw(ops.shape(output), seed), temperature)

    def draw(self, output_shape, seed):
        """Draws the uniform numbers, of [0, 1), that `apply` needs for outputs of a shape."""
        return kernels.random_uniform((*output_shape[:-1], self.mixture.num_uniforms()), seed)

    def apply(self, output, uniforms, temperature=1.0):
        """Turns uniform numbers into samples of the distributions."""
        temperature = number_of("temperature", temperature, "a number above 0", lambda v: v > 0)
        return self.mixture.sample(self.packed(output), uniforms, temperature)

    def packed(self, output):
        """Returns an output as a tensor of at least float32, or raises a `ValueError`."""
        output = ops.convert_to_tensor(output)
        if output.shape[-1] != self.mixture.packed_size:
            raise ValueError(
                f"`output` must have {self.mixture.packed_size} numbers on its last axis. "
                f"Received: output of shape {tuple(output.shape)}"
            )
        return ops.cast(output, keras.backend.result_type(output.dtype, "float32"))

    def compute_output_spec(self, inputs):
        shape = self.compute_output_shape(tuple(inputs.shape))
        return keras.KerasTensor(shape, dtype=self.kernel_dtype())

    def get_config(self):
        return {
            **super().get_config(),
            "output_size": self.output_size,
            "min_scale": self.min_scale,
        }
