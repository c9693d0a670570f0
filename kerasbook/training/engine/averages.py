"""A second copy of the weights that holds their exponentially decaying average.

After each step, a <- m a + (1 - m) w for every trainable weight w, with the momentum m; after the
first, a = w. In a recipe's run the average is what is validated, kept as the best model and tested;
training goes on with the weights themselves. A user's model is validated as Keras does it, with
its weights, unless `keras.callbacks.SwapEMAWeights` is there. What batch normalization gathers is a
moving average already.

Reference:
    Polyak and Juditsky, 1992, https://doi.org/10.1137/0330046
"""

import contextlib
from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from kerasbook.training.engine.settings import innermost


class WeightAverages:
    """The moving averages of a model's trainable weights.

    Args:
        model: The `keras.Model`, built in the strategy's scope.
        strategy: The tf.distribute strategy.
        momentum: Share of the average that stays in each step, in [0, 1).
        overwrite_every: Steps after which the averages take the weights' place, or `None`.
        variables: Variables to keep them in; `None` makes new ones.
    """

    def __init__(
        self,
        model: keras.Model,
        strategy: tf.distribute.Strategy,
        momentum: float,
        overwrite_every: int | None = None,
        *,
        variables: list[tf.Variable] | None = None,
    ) -> None:
        self.momentum = momentum
        self.overwrite_every = overwrite_every
        self._strategy = strategy
        self._weights = [weight.value for weight in model.trainable_variables]
        if variables is None:
            with strategy.scope():
                variables = [tf.Variable(w, trainable=False, name="average") for w in self._weights]
        self.variables = variables
        self._exchange = tf.function(lambda: self._update(_swap))
        self._overwrite = tf.function(lambda: self._update(_copy))

    def update(self, count: tf.Tensor, before: tf.Tensor) -> None:
        """Takes in the weights after so many updates of them. For use in a graph.

        Args:
            count: Number of updates.
            before: Their number before the step, which may have left them alone: then so is this.
        """
        moves = count > before
        momentum = tf.where(moves, tf.where(count == 1, 0.0, self.momentum), 1.0)
        overwrites = moves & (count % (self.overwrite_every or 1) == 0)

        def move(weight: tf.Variable, average: tf.Variable) -> None:
            stays = tf.cast(momentum, average.dtype)
            moved = average.assign(average * stays + weight * (1 - stays))
            if self.overwrite_every:
                weight.assign(tf.where(overwrites, moved, weight))

        self._update(move)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Puts the averages in the weights' place for the length of a block."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def overwrite(self) -> None:
        """Sets the weights to their averages, as Keras does at the end of training."""
        self._overwrite()

    def numpy(self) -> list[np.ndarray]:
        """Returns the averages as a list of arrays."""
        return [variable.numpy() for variable in self.variables]

    def assign(self, arrays: list[np.ndarray]) -> None:
        """Sets the averages from a list of arrays."""
        for variable, array in zip(self.variables, arrays, strict=True):
            variable.assign(array)

    def _update(self, function: Callable[[tf.Variable, tf.Variable], None]) -> None:
        extended = self._strategy.extended
        for weight, average in zip(self._weights, self.variables, strict=True):
            extended.update(weight, function, args=(average,), group=False)


def averages_of(optimizer: keras.optimizers.Optimizer) -> list[tf.Variable]:
    """Returns the variables in which an optimizer of Keras keeps its moving averages."""
    return [average.value for average in innermost(optimizer)._model_variables_moving_average]


def _copy(weight: tf.Variable, average: tf.Variable) -> None:
    weight.assign(average)


def _swap(weight: tf.Variable, average: tf.Variable) -> None:
    before = tf.identity(weight)
    weight.assign(average)
    average.assign(before)
