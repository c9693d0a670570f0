"""When a loss explodes: what is said, the batch that is kept for study, and the lower rate."""

import pathlib
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from kerasbook.training.engine.settings import innermost
from kerasbook.training.schedules import Scaled

if TYPE_CHECKING:
    from kerasbook.training.input.own_data import OwnData
    from kerasbook.training.input.pipeline import Pipeline

# What the learning rate is multiplied with each time a run goes back to its last checkpoint.
RATE_FACTOR = 0.5


class Diverged(FloatingPointError):
    """Raised where a loss is not finite, or has exploded.

    Attributes:
        step: The step of the run, from 1, where it shows.
        batch: The step within its epoch, from 0; `None` where it shows in the validation only.
        by_step: The last step that may have done it: a loss is that of the weights before.
    """

    def __init__(
        self, message: str, step: int, batch: int | None = None, by_step: int | None = None
    ) -> None:
        super().__init__(message)
        self.step = step
        self.batch = batch
        self.by_step = step if by_step is None else by_step


class LearningRate:
    """Multiplies an optimizer's learning rate, be it a number or a schedule.

    Args:
        optimizer: The Keras optimizer.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer) -> None:
        self._optimizer = innermost(optimizer)
        rate = self._optimizer.get_config()["learning_rate"]
        self._schedule = None
        if isinstance(rate, dict):
            self._schedule = keras.optimizers.schedules.deserialize(rate)
            if isinstance(self._schedule, Scaled):
                self._schedule = self._schedule.schedule

    @property
    def is_schedule(self) -> bool:
        """Whether the rate is a schedule; checkpoints hold the rate itself where it is not."""
        return self._schedule is not None

    def scale(self, factor: float) -> None:
        """Multiplies the schedule as it was at first, or the number as it is now."""
        if self.is_schedule:
            self._optimizer.learning_rate = Scaled(self._schedule, factor)
        else:
            self._optimizer.learning_rate = self.value * factor

    @property
    def value(self) -> float:
        """The rate of the next step."""
        return float(tf.convert_to_tensor(self._optimizer.learning_rate))


def are_finite(model: keras.Model) -> tf.Tensor:
    """Returns whether all trainable weights of a model are finite. For use in a graph."""
    finite = [tf.reduce_all(tf.math.is_finite(w.value)) for w in model.trainable_variables]
    return tf.reduce_all(finite)


def keep_batch(
    path: pathlib.Path | None,
    pipeline: "Pipeline | OwnData",
    strategy: tf.distribute.Strategy,
    epoch: int,
    batch: int,
) -> None:
    """Writes one global batch, as the step gets it, as arrays in an `.npz` file.

    Args:
        path: The file; `None` reads the batch only, as all workers must do at once.
        pipeline: The pipeline that gives it. Of a `tf.data.Dataset` that comes in another order
            each time it is another batch.
        strategy: The strategy; of several workers, this one's part is written.
        epoch: The epoch, from 0.
        batch: The number of the batch in the epoch, from 0.
    """
    *parts, _ = next(iter(pipeline.epoch(strategy, epoch, batch)))
    arrays = {}
    for name, structure in zip(("inputs", "targets", "weights"), parts, strict=True):
        flat = keras.tree.flatten(structure)
        for number, value in enumerate(flat):
            tensors = strategy.experimental_local_results(value)
            key = name if len(flat) == 1 else f"{name}_{number}"
            arrays[key] = np.concatenate([tensor.numpy() for tensor in tensors])
    if path is not None:
        np.savez_compressed(path, **arrays)
