"""Dropout that goes on when the model predicts, and the mean and spread of many predictions."""

import keras
import numpy as np
from keras import ops, tree

from kerasbook import ops as kernels
from kerasbook.layers.arguments import boolean, integer_seed, positive_integer, rate_below_one
from kerasbook.layers.told import position_wise


@keras.saving.register_keras_serializable(package="kerasbook")
class MonteCarloDropout(keras.layers.Layer):
    """Zeroes random numbers, in training and out of it, so that predictions can be averaged.

    `y = x b / (1 - rate)` with `b ~ Bernoulli(1 - rate)` drawn for each number, so that `E[y] = x`;
    with `sampling=False`, `y = x` outside training, as in `keras.layers.Dropout`. Only this layer
    goes on drawing: batch normalization and others are not in training. The predictive
    distribution is `p(y | x) = 1/S sum_s p(y | x, b_s)`, see `monte_carlo_predict`.

    An exported model draws anew at every request, as `predict` does; that is what the layer is
    for. For one with a single answer, load the weights into the same model built with
    `sampling=False`.

    Args:
        rate: Probability of zeroing a number, in `[0, 1)`.
        sampling: Whether to drop outside training, too.
        noise_shape: Shape of `b`, 1 where an axis shares its draws and `None` where it has the
            inputs' size; `None` alone draws for each number.
        seed: Integer seed; `None` draws a fresh one.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ...)`.
        training: Whether to drop in spite of `sampling=False`. Defaults to `False`.

    Returns:
        Tensor with the shape and dtype of `inputs`.

    Raises:
        ValueError: If `rate` is not in [0, 1), or `noise_shape` not of positive integers and
            `None`.

    Example:
        >>> model = kerasbook.layers.MonteCarloDropout(0.5, seed=1)
        >>> y = np.asarray(model(np.ones((1, 1000), "float32")))
        >>> sorted(set(y[0].tolist()))
        [0.0, 2.0]

    Reference:
        Gal and Ghahramani, 2016, section 4, https://arxiv.org/abs/1506.02142
    """

    receptive_field_steps = position_wise
    works_in_place = True

    def __init__(self, rate, *, sampling=True, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate_below_one("rate", rate)
        self.sampling = boolean("sampling", sampling)
        if noise_shape is not None:
            sizes = noise_shape if isinstance(noise_shape, (list, tuple)) else [0]
            for size in sizes:
                if size is not None and (not isinstance(size, int) or size < 1):
                    raise ValueError(
                        "`noise_shape` must be a list of positive integers and None. "
                        f"Received: noise_shape={noise_shape!r}"
                    )
            noise_shape = tuple(sizes)
        self.noise_shape = noise_shape
        self.seed = integer_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs, training=False):
        if self.rate == 0 or not (training or self.sampling):
            return inputs
        return self.apply(inputs, self.draw(ops.shape(inputs)))

    def draw(self, input_shape, seed=None):
        """Draws which numbers survive: booleans, from `seed` or our own."""
        if seed is None:
            seed = self.seed_generator
        if self.noise_shape is not None:
            if len(self.noise_shape) != len(input_shape):
                raise ValueError(
                    "`noise_shape` must have a size for every axis of the inputs. Received: "
                    f"noise_shape={self.noise_shape}, input_shape={tuple(input_shape)}"
                )
            input_shape = tuple(
                size if noise is None else noise
                for size, noise in zip(input_shape, self.noise_shape, strict=True)
            )
        return kernels.random_uniform(input_shape, seed) >= self.rate

    def apply(self, inputs, survives):
        """Zeroes what does not survive and divides the rest by `1 - rate`."""
        return inputs * (ops.cast(survives, inputs.dtype) / (1 - self.rate))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "sampling": self.sampling,
            "noise_shape": None if self.noise_shape is None else list(self.noise_shape),
            "seed": self.seed,
        }


def monte_carlo_predict(model, inputs, samples=30, *, batch_size=32, seed=None):
    """Predicts many times with a model that draws, and returns mean and standard deviation.

    Args:
        model: Model with layers that are random outside training, such as `MonteCarloDropout`, or
            `BayesianDense` with `sampling=True`.
        inputs: What `model.predict` takes, and can take again.
        samples: Number of predictions, the `S` of the formula.
        batch_size: Number of inputs at once.
        seed: Integer that makes the result the same every time; `None` goes on where the
            layers' own draws are.

    Returns:
        The mean over the predictions and their standard deviation (divided by `samples`), each a
        float64 array like the one that `predict` returns, or a structure of them.

    Raises:
        ValueError: If `samples` is no positive integer.

    Example:
        >>> import keras
        >>> model = keras.Sequential([kerasbook.layers.MonteCarloDropout(0.5)])
        >>> mean, deviation = kerasbook.layers.monte_carlo_predict(
        ...     model, np.ones((2, 3), "float32"), samples=50, seed=1
        ... )
        >>> mean.shape, bool(np.all(abs(mean - 1) < 0.5)), bool(np.all(abs(deviation - 1) < 0.2))
        ((2, 3), True, True)
    """
    positive_integer("samples", samples)
    if seed is not None:
        _seed_draws(model, inputs, batch_size, seed)
    return mean_and_deviation(
        model.predict(inputs, batch_size=batch_size, verbose=0) for _ in range(samples)
    )


def mean_and_deviation(predictions):
    """Returns the mean of equal structures of arrays and their standard deviation, in float64.

    Args:
        predictions: Iterable of what `model.predict` returns, one at least. Only one of them is
            held at a time.
    """
    means = squares = None
    for count, outputs in enumerate(predictions, 1):
        values = [array.astype("float64") for array in tree.flatten(outputs)]
        if means is None:
            means = [np.zeros_like(value) for value in values]
            squares = [np.zeros_like(value) for value in values]
        for mean, square, value in zip(means, squares, values, strict=True):  # Welford's sums
            before = value - mean
            mean += before / count
            square += before * (value - mean)
    deviations = [np.sqrt(square / count) for square in squares]
    return tree.pack_sequence_as(outputs, means), tree.pack_sequence_as(outputs, deviations)


def _seed_draws(model, inputs, batch_size, seed):
    """Sets every seed generator of a model, each from a number of its own."""
    if not model.built:
        model.predict(inputs, batch_size=batch_size, verbose=0)
    states = [variable for variable in model.variables if "seed_generator" in variable.path]
    numbers = np.random.SeedSequence(seed).generate_state(len(states)) >> 1
    for state, number in zip(states, numbers, strict=True):
        state.assign(np.array([number, 0], keras.backend.standardize_dtype(state.dtype)))
