"""Stochastic depth: the regularizer of residual branches."""

import keras

from kerasbook import ops
from kerasbook.layers.arguments import integer_seed, rate_below_one
from kerasbook.layers.told import position_wise


@keras.saving.register_keras_serializable(package="kerasbook")
class DropPath(keras.layers.Layer):
    """Zeroes whole samples of a residual branch, one coin per sample.

    While training, `y = x * b / (1 - rate)` with `b ~ Bernoulli(1 - rate)` drawn once per
    sample, so that `E[y] = x`. Otherwise `y = x`.

    Args:
        rate: Probability of zeroing a sample, in `[0, 1)`.
        seed: Integer seed; `None` draws a fresh one.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ...)` of rank 1 or more.
        training: Whether to drop. Defaults to `False`.

    Returns:
        Tensor with the shape and dtype of `inputs`.

    Raises:
        ValueError: If `rate` is not in `[0, 1)`.

    Example:
        >>> branch = np.ones((2, 3), "float32")
        >>> tuple(kerasbook.layers.DropPath(rate=0.1)(branch).shape)
        (2, 3)

    Reference:
        Huang et al., 2016, section 3, https://arxiv.org/abs/1603.09382. The paper scales by
        the survival probability at test time; here, as usual, training divides by it.
    """

    receptive_field_steps = position_wise
    works_in_place = True

    def __init__(self, rate, *, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate_below_one("rate", rate)
        self.seed = integer_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        return self.apply(inputs, self.draw(keras.ops.shape(inputs)[0]))

    def draw(self, batch_size, seed=None):
        """Draws which samples survive: booleans `(batch_size,)`, from `seed` or our own."""
        if seed is None:
            seed = self.seed_generator
        return ops.random_uniform((batch_size,), seed) >= self.rate

    def apply(self, inputs, survives):
        """Zeroes the samples that do not survive and divides the others by `1 - rate`."""
        shape = (-1,) + (1,) * (len(inputs.shape) - 1)
        survives = keras.ops.cast(keras.ops.reshape(survives, shape), inputs.dtype)
        return inputs * survives / (1 - self.rate)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
