"""The training step and the evaluation step: one `tf.function` over `strategy.run` each.

The loss of a step is the mean over the global batch, whatever the replicas: each sums the
losses of its own examples and divides by the number of all. Gradients are summed over replicas
before they are clipped. Nothing in a step has a shape that depends on values, but for the metrics
of users' own models, so that it can be compiled with XLA, and run on TPUs.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from kerasbook.training.engine.averages import WeightAverages, averages_of
from kerasbook.training.engine.settings import StepSettings, innermost, loss_scale, plain
from kerasbook.training.engine.task import Classifier, CompiledModel

if TYPE_CHECKING:
    from kerasbook.training.input.own_data import OwnData
    from kerasbook.training.input.pipeline import Pipeline

# A loss beyond so many times that of the run's first step, or beyond this where that is below 1,
# has exploded.
EXPLOSION = 100.0


class TrainingStep:
    """Takes optimiser steps on the next global batches of an iterator.

    Args:
        task: `Classifier` or `CompiledModel`.
        optimizer: The Keras optimizer, built.
        strategy: The tf.distribute strategy.
        settings: `StepSettings`.

    Attributes:
        totals: Variable of the epoch so far: the task's sums, the number of examples last.
        steps: Variable: number of steps taken since the run began.
        bad_step: Variable: the first step (from 1) with a non-finite or exploded loss, or 0.
        first_loss: Variable: the loss of the run's first step.
        times: Variable: when the epoch began, and how long it has waited for input, seconds.
        stop_asked: Variable of this process: above 0 if it was asked to stop.
        stop_agreed: Variable: the sum of these over all replicas, before the last step.
        averages: `WeightAverages`, or `None`.
    """

    averages: WeightAverages | None
    _gradients: Callable[..., Any]

    def __init__(
        self,
        task: Classifier | CompiledModel,
        optimizer: keras.optimizers.Optimizer,
        strategy: tf.distribute.Strategy,
        settings: StepSettings | None = None,
    ) -> None:
        self.settings = settings or StepSettings()
        self.totals = _counter(tf.zeros(task.num_sums, tf.float64), "totals")
        self.steps = _counter(tf.constant(0, tf.int64), "steps")
        self.bad_step = _counter(tf.constant(0, tf.int64), "bad_step")
        self.first_loss = _counter(tf.constant(0.0, tf.float64), "first_loss")
        self.times = _counter(tf.zeros(2, tf.float64), "times")
        self.stop_asked = _counter(tf.constant(0.0, tf.float64), "stop_asked")
        self.stop_agreed = _counter(tf.constant(0.0, tf.float64), "stop_agreed")
        self.averages = None
        if self.settings.ema_momentum is not None:
            self.averages = WeightAverages(
                task.model,
                strategy,
                self.settings.ema_momentum,
                self.settings.ema_overwrite_every,
                variables=averages_of(optimizer) if task.as_keras else None,
            )
        self._task = task
        self._optimizer = optimizer
        self._strategy = strategy
        self.retrace()

    def __call__(self, iterator: Iterator[Any], count: int = 1) -> dict[str, tf.Tensor]:
        """Trains on the next `count` batches; returns the epoch's results so far, as tensors."""
        if self.settings.steps_per_execution == 1:
            return _loss_first(self._one(iterator))
        return _loss_first(self._several(iterator, tf.constant(count)))

    def begin(self, totals: Sequence[float], steps: int, first_loss: float) -> None:
        """Sets out from what an epoch has gathered, after so many steps of the run."""
        self.totals.assign(totals)
        self.steps.assign(steps)
        self.first_loss.assign(first_loss)
        self.bad_step.assign(0)
        self.times.assign(tf.stack([tf.timestamp(), 0.0]))

    def results(self) -> dict[str, Any]:
        """Returns the epoch's results so far as floats."""
        return _numbers(self._results())

    def retrace(self) -> None:
        """Forgets the traced graphs, for what changed in the optimizer to be seen."""
        compiled = self.settings.jit_compile
        self._gradients = _jitted(self._plain_gradients) if compiled else self._plain_gradients
        self._one = tf.function(self._one_step)
        self._several = tf.function(self._several_steps)
        self._results = tf.function(self._logs)

    def _one_step(self, iterator: Iterator[Any]) -> dict[str, tf.Tensor]:
        self._global_step(iterator)
        return self._logs()

    def _several_steps(self, iterator: Iterator[Any], count: tf.Tensor) -> dict[str, tf.Tensor]:
        for _ in tf.range(count):
            self._global_step(iterator)
        return self._logs()

    def _logs(self) -> dict[str, tf.Tensor]:
        logs = self._task.results(self.totals.value())
        start, waited = tf.unstack(self.times)
        return {**logs, "input_bound": waited / tf.maximum(tf.timestamp() - start, 1e-9)}

    def _global_step(self, iterator: Iterator[Any]) -> None:
        before = tf.timestamp()
        with tf.control_dependencies([before]):
            batch = next(iterator)
        with tf.control_dependencies(_tensors(batch, self._strategy)):
            self.times.assign_add(tf.stack([0.0, tf.timestamp() - before]))
        with plain(self._optimizer):
            updates = innermost(self._optimizer).iterations
            before = tf.identity(updates)
            sums = self._strategy.run(self._replica_step, args=(batch,))
            if self.averages is not None:
                self.averages.update(tf.identity(updates), before)
        sums = self._strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)
        sums, votes = sums[:-1], sums[-1]
        with tf.control_dependencies([sums]):  # nothing is counted where the data has ended
            step = self.steps.assign_add(1)
        loss = sums[0] / sums[-1]
        first = self.first_loss.assign(tf.where(step == 1, loss, self.first_loss))
        bad = ~tf.math.is_finite(loss) | (loss > EXPLOSION * tf.maximum(tf.abs(first), 1.0))
        self.bad_step.assign(tf.where((self.bad_step == 0) & bad, step, self.bad_step))
        self.stop_agreed.assign(votes)
        self.totals.assign_add(sums)

    def _replica_step(self, batch: Any) -> tf.Tensor:
        inputs, targets, weights, total = batch
        scale = loss_scale(self._optimizer)
        gradients, sums = [], 0.0  # type: list[tf.Tensor], tf.Tensor
        for part in _cut((inputs, targets, weights), self.settings.accumulation_steps):
            # One part after the other: side by side they would need the memory of the whole.
            with tf.control_dependencies(gradients):
                part = tf.nest.map_structure(tf.identity, part)
            of_part, sums_of_part, outputs = self._gradients(*part, total, scale)
            if gradients:
                of_part = [a + b for a, b in zip(gradients, of_part, strict=True)]
            gradients = of_part
            sums += sums_of_part
            if self._task.as_keras:
                self._task.observe(*part, outputs)  # type: ignore[union-attr, call-arg]  # `as_keras`
        if self.settings.clips or isinstance(scale, tf.Tensor):
            gradients = self._of_all_replicas(gradients, scale)
        with tf.control_dependencies(gradients):
            self._optimizer.apply_gradients(zip(gradients, self._reached, strict=True))
        return tf.concat([tf.cast(sums, tf.float64), tf.reshape(self.stop_asked, (1,))], 0)

    def _plain_gradients(
        self,
        inputs: Any,
        targets: Any,
        weights: tf.Tensor,
        total: tf.Tensor,
        scale: tf.Tensor | float,
    ) -> tuple[list[tf.Tensor], tf.Tensor, Any]:
        """Returns the gradients of a part, its sums, and what the task wants to see again."""
        task = self._task
        parts = self._strategy.num_replicas_in_sync * self.settings.accumulation_steps
        with tf.GradientTape() as tape:
            loss, sums, outputs = task.measure(
                inputs, targets, weights, total, parts=parts, training=True
            )
            loss *= tf.cast(scale, loss.dtype)
        variables = task.model.trainable_variables
        gradients = tape.gradient(loss, [v.value for v in variables])
        reached = [(v, g) for v, g in zip(variables, gradients, strict=True) if g is not None]
        self._reached = [variable for variable, _ in reached]
        gradients = [tf.convert_to_tensor(gradient) for _, gradient in reached]
        return gradients, sums, outputs if task.as_keras else ()

    def _of_all_replicas(
        self, gradients: list[tf.Tensor], scale: tf.Tensor | float
    ) -> list[tf.Tensor]:
        """Sums over replicas, clips, and divides again by the replicas that Keras will sum."""
        replicas = self._strategy.num_replicas_in_sync
        if replicas > 1:
            context = tf.distribute.get_replica_context()
            gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        # Under loss scaling the gradients are that much longer, and so may they be.
        gradients = self.settings.clip(gradients, scale)
        return [gradient / replicas for gradient in gradients]


class EvaluationStep:
    """Adds the next global batch of an iterator to the sums of an evaluation.

    Args:
        task: `Classifier` or `CompiledModel`.
        strategy: The tf.distribute strategy.
        jit_compile: Whether to compile the forward pass with XLA.
    """

    _measure: Callable[..., Any]

    def __init__(
        self,
        task: Classifier | CompiledModel,
        strategy: tf.distribute.Strategy,
        *,
        jit_compile: bool = False,
    ) -> None:
        self._task = task
        self._strategy = strategy
        self._measure = _jitted(self._plain_measure) if jit_compile else self._plain_measure
        self._step = tf.function(self._global_step)
        self._results = tf.function(task.results)

    def __call__(
        self,
        pipeline: "Pipeline | OwnData",
        on_batch: Callable[[int], bool | None] = lambda number: False,
        on_begin: Callable[[int], object] = lambda number: None,
    ) -> dict[str, Any] | None:
        """Returns the results over all examples of a pipeline, as floats.

        `on_begin` is called before every step, `on_batch` after it; where that returns `True` the
        evaluation is broken off, and the result is `None`.
        """
        totals = tf.zeros(self._task.num_sums, tf.float64)
        if self._task.as_keras:
            self._task.model.reset_metrics()
        iterator = iter(pipeline.epoch(self._strategy))
        for number in itertools.count() if pipeline.steps is None else range(pipeline.steps):
            on_begin(number)
            try:
                totals += self._step(iterator)
            except tf.errors.OutOfRangeError:
                break
            if on_batch(number):
                return None
        return _numbers(self._results(totals))

    def _global_step(self, iterator: Iterator[Any]) -> tf.Tensor:
        sums = self._strategy.run(self._replica_step, args=(next(iterator),))
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)

    def _replica_step(self, batch: Any) -> tf.Tensor:
        *part, total = batch
        sums, outputs = self._measure(*part, total)
        if self._task.as_keras:
            self._task.observe(*part, outputs)  # type: ignore[union-attr, call-arg]  # `as_keras`
        return tf.cast(sums, tf.float64)

    def _plain_measure(
        self, inputs: Any, targets: Any, weights: tf.Tensor, total: tf.Tensor
    ) -> tuple[tf.Tensor, Any]:
        parts = self._strategy.num_replicas_in_sync
        _, sums, outputs = self._task.measure(
            inputs, targets, weights, total, parts=parts, training=False
        )
        return sums, outputs if self._task.as_keras else ()


def _numbers(logs: dict[str, tf.Tensor]) -> dict[str, Any]:
    """Returns results as floats, and those of metrics that give vectors as arrays."""
    logs = {name: value.numpy() for name, value in _loss_first(logs).items()}
    return {name: float(v) if v.ndim == 0 else v for name, v in logs.items()}


def _loss_first(logs: dict[str, Any]) -> dict[str, Any]:
    """Undoes the alphabetical order in which graphs return their results."""
    return {"loss": logs["loss"], **logs}


def _counter(value: tf.Tensor, name: str) -> tf.Variable:
    return tf.Variable(value, trainable=False, name=name)


def _jitted(function: Callable[..., Any]) -> Callable[..., Any]:
    return tf.function(function, jit_compile=True)


def _tensors(batch: Any, strategy: tf.distribute.Strategy) -> list[tf.Tensor]:
    """Returns the tensors of a distributed batch."""
    return [
        tensor
        for value in tf.nest.flatten(batch)
        for tensor in strategy.experimental_local_results(value)
    ]


def _cut(batch: Any, parts: int) -> list[Any]:
    """Cuts a replica's share of a batch into parts of equal size."""
    if parts == 1:
        return [batch]

    def cut(values: tf.Tensor) -> list[tf.Tensor]:
        return tf.unstack(tf.reshape(values, (parts, -1, *values.shape[1:])))

    flat = [cut(values) for values in tf.nest.flatten(batch)]
    return [tf.nest.pack_sequence_as(batch, list(part)) for part in zip(*flat, strict=True)]
