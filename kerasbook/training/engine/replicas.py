"""What replicas must not share, and what they must: random draws, and gathered statistics."""

from collections.abc import Callable

import keras
import tensorflow as tf

from kerasbook import layers
from kerasbook.training.cluster.workers import has_workers
from kerasbook.training.engine import checkpoint

# Between the seeds of neighbouring replicas; a prime, far from what people choose as seeds.
SEED_STEP = 1_000_003


def synchronize_batch_norm(model: keras.Model) -> None:
    """Lets the batch normalizations of a model take their statistics over all replicas.

    Raises:
        ValueError: If a layer of the model cannot.
    """
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchRenormalization):
            raise ValueError(
                "`synchronized_batch_norm` must be False for batch renormalization. Received: True"
            )
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


class Replicas:
    """Keeps the copies of a model on the replicas of a strategy as they should be.

    Args:
        model: The `keras.Model`, built in the strategy's scope.
        strategy: The tf.distribute strategy.
    """

    _averaging: Callable[[], None] | None
    _voting: Callable[[tf.Tensor], tf.Tensor] | None

    def __init__(self, model: keras.Model, strategy: tf.distribute.Strategy) -> None:
        self._model = model
        self._strategy = strategy
        self._averaging = None
        self._voting = None

    def spread_seeds(self) -> None:
        """Lets Keras' random layers draw differently on each replica; the first keeps its seeds."""
        states = checkpoint.seed_states(self._model)
        if self._strategy.num_replicas_in_sync == 1 or not states:
            return

        def on_replica() -> None:
            number = tf.distribute.get_replica_context().replica_id_in_sync_group
            for state in states:
                value = state.value
                step = tf.cast(number * SEED_STEP, value.dtype) * tf.constant([1, 0], value.dtype)
                value.assign_add(step)

        tf.function(lambda: self._strategy.run(on_replica))()

    def average_statistics(self) -> None:
        """Gives every replica the mean of what each has gathered, such as moving averages."""
        gathered = [v for v in self._model.non_trainable_variables if "float" in v.dtype]
        if self._strategy.num_replicas_in_sync == 1 or not gathered:
            return
        if self._averaging is None:

            def read() -> list[tf.Tensor]:
                return [tf.identity(v.value) for v in gathered]

            def write(means: list[tf.Tensor]) -> None:
                for variable, mean in zip(gathered, means, strict=True):
                    variable.value.assign(mean)

            def average() -> None:
                means = [
                    self._strategy.reduce(tf.distribute.ReduceOp.MEAN, values, axis=None)
                    for values in self._strategy.run(read)
                ]
                self._strategy.run(write, args=(means,))

            self._averaging = tf.function(average)
        self._averaging()

    def all_agree_to_stop(self, asked: bool) -> bool:
        """Tells whether any worker was asked to stop; all workers have to call it at once."""
        if not has_workers(self._strategy):
            return asked
        if self._voting is None:

            def vote(own: tf.Tensor) -> tf.Tensor:
                votes = self._strategy.run(lambda: tf.identity(own))
                return self._strategy.reduce(tf.distribute.ReduceOp.SUM, votes, axis=None)

            self._voting = tf.function(vote)
        return float(self._voting(tf.constant(float(asked)))) > 0
