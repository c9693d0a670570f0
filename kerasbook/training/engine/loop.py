"""The loop of a run: epochs, callbacks, validation, checkpoints, stopping, and going back."""

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import keras
import numpy as np
import tensorflow as tf

from kerasbook.callbacks import EpochLog
from kerasbook.training.cluster.preemption import preemption_watched
from kerasbook.training.cluster.strategy import is_chief
from kerasbook.training.cluster.workers import has_workers
from kerasbook.training.engine import checkpoint, divergence
from kerasbook.training.engine.callback_state import CallbackStates
from kerasbook.training.engine.events import log_event
from kerasbook.training.engine.memory import freed_by_hand
from kerasbook.training.engine.options import checked_callbacks, checked_numbers
from kerasbook.training.engine.position import Position
from kerasbook.training.engine.replicas import Replicas
from kerasbook.training.engine.settings import StepSettings
from kerasbook.training.engine.signals import Interrupted, signal_of, stop_on_signal
from kerasbook.training.engine.step import EvaluationStep, TrainingStep
from kerasbook.training.engine.task import Classifier, CompiledModel

if TYPE_CHECKING:
    from kerasbook.training.files import RunFolder
    from kerasbook.training.input.own_data import OwnData
    from kerasbook.training.input.pipeline import Pipeline

# Looking at the loss waits for the device, so it is not done after every step.
STEPS_BETWEEN_CHECKS = 20


class Engine:
    """Trains a model on a pipeline, through one step for every strategy.

    Args:
        task: `Classifier` or `CompiledModel`, of a model compiled in the strategy's scope.
        strategy: The tf.distribute strategy.
        training: `Pipeline` of the training examples.
        validation: `Pipeline` of the validation examples, or `None`.
        folder: `RunFolder` for the log and the checkpoints, or `None` to write nothing.
        settings: `StepSettings`.
        score: Function from an epoch's logs to a tuple; the greatest is the best epoch's.
        callbacks: Keras callbacks.
        verbose: 1 shows a progress bar per epoch, 2 a line per epoch, 0 nothing.
        checkpoint_steps: Writes a checkpoint every so many steps of an epoch, besides its end.
        recover: How often at most to go back to the last checkpoint, with half the learning rate,
            when the loss explodes.
        noticed: See `preemption_watched`.
    """

    _restored: dict[str, np.ndarray] | None

    def __init__(
        self,
        task: Classifier | CompiledModel,
        strategy: tf.distribute.Strategy,
        training: "Pipeline | OwnData",
        validation: "Pipeline | OwnData | None",
        folder: "RunFolder | None",
        *,
        settings: StepSettings | None = None,
        score: Callable[[dict[str, Any]], tuple[float, ...]] = lambda logs: (
            logs["val_accuracy"],
            -logs["val_loss"],
        ),
        callbacks: Any = (),
        verbose: int | str = 1,
        checkpoint_steps: int | None = None,
        recover: int = 0,
        noticed: Any = None,
    ) -> None:
        self._task = task
        self._model = task.model
        self._strategy = strategy
        self._training = training
        self._validation = validation
        self._folder = folder
        self._score = score
        self._callbacks = checked_callbacks(callbacks)
        verbose = checked_numbers(
            verbose=verbose, checkpoint_steps=checkpoint_steps, recover=recover
        )
        self._chief = is_chief(strategy)
        self._several_workers = has_workers(strategy)
        self._verbose = verbose if self._chief else 0
        self._checkpoint_steps = checkpoint_steps
        self._recover_at_most = recover
        self._noticed = noticed
        with strategy.scope():
            if not self._model.optimizer.built:
                self._model.optimizer.build(self._model.trainable_variables)
        self._step = TrainingStep(task, self._model.optimizer, strategy, settings)
        jit_compile = self._step.settings.jit_compile
        self._evaluate = EvaluationStep(task, strategy, jit_compile=jit_compile)
        self._rate = divergence.LearningRate(self._model.optimizer)
        self._weights_are_finite = tf.function(lambda: divergence.are_finite(self._model))
        self._replicas = Replicas(self._model, strategy)
        self._replicas.spread_seeds()
        self._restored = None
        self.position = Position(totals=(0.0,) * task.num_sums)

    def restore(self) -> None:
        """Goes back to where the last checkpoint was written."""
        with self._strategy.scope():
            position, self._restored = checkpoint.restore(
                self._model,
                self._folder.last,  # type: ignore[union-attr]  # who goes back has a folder
            )
        self._replicas.spread_seeds()
        self.position = Position(**position)
        if self._step.averages is not None and not self._task.as_keras:
            averages = checkpoint.listed(self._restored, "averages")
            self._step.averages.assign(averages)
        if self._rate.is_schedule and self.position.rate_factor != 1:
            self._rate.scale(self.position.rate_factor)
            self._step.retrace()

    def fit(self, epochs: int) -> Position:
        """Trains until `epochs` epochs are done in all; returns the position.

        Raises:
            Diverged: If the loss is not finite or has exploded, more often than it may; the
                message names the step, and the last checkpoint is from before it.
            Interrupted: If a signal asked to stop; the last checkpoint holds the step reached.
        """
        self._model.stop_training = self.position.stopped
        callbacks = self._callback_list(epochs)
        with (
            stop_on_signal() as self._stop,
            preemption_watched(self._strategy, self._stop, self._noticed) as self._look_out,
            freed_by_hand() as free,
        ):
            callbacks.on_train_begin()
            self._states = CallbackStates(self._callbacks)
            if self._restored is None and not self.position.steps:
                self._save()  # so that a run can go on, or back, from its first step
            elif self._restored is not None:
                self._states.write(self.position.callbacks, self._restored)
            while self.position.epoch < epochs and not self._model.stop_training:
                self._since = time.perf_counter()
                try:
                    self._run_epoch(callbacks)
                except divergence.Diverged as error:
                    self._recover(error)
                free()
            if self._step.averages is not None and self._task.as_keras:
                self._step.averages.overwrite()
            callbacks.on_train_end()
        return self.position

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Puts the moving averages, if there are any, in the weights' place for a block."""
        if self._step.averages is None or self._task.as_keras:
            yield
        else:
            with self._step.averages.in_place():
                yield

    def _run_epoch(self, callbacks: keras.callbacks.CallbackList) -> None:
        callbacks.on_epoch_begin(self.position.epoch)
        logs = self._train_epoch(callbacks)
        logs |= self._validate(callbacks)
        self._finish_epoch(callbacks, logs)
        if self._replicas.all_agree_to_stop(bool(self._stop)):
            self._interrupt()

    def _train_epoch(self, callbacks: keras.callbacks.CallbackList) -> dict[str, Any]:
        position, pipeline = self.position, self._training
        self._begin_epoch()
        iterator = iter(pipeline.epoch(self._strategy, position.epoch, position.step))
        number, taken = position.step, position.steps
        while pipeline.steps is None or number < pipeline.steps:
            count = self._steps_to_take(number)
            callbacks.on_train_batch_begin(number)
            try:
                logs = self._step(iterator, count)
            except tf.errors.OutOfRangeError:
                rest = int(self._step.steps.numpy()) - taken
                number += rest
                if rest:
                    callbacks.on_train_batch_end(number - 1, self._step.results())
                break
            number, taken = number + count, taken + count
            callbacks.on_train_batch_end(number - 1, logs)
            stop = self._asked_to_stop()
            due = number == pipeline.steps or (number % (self._checkpoint_steps or math.inf) == 0)
            if number % STEPS_BETWEEN_CHECKS < count:
                self._require_good_loss()
            if due or stop:
                self._require_good_weights()
            if stop or (due and number != pipeline.steps):
                self._save_within_epoch(number)
            if stop:
                self._interrupt()
            if self._model.stop_training:
                break
        self._require_good_weights()
        self._steps_done = number
        return self._step.results()

    def _begin_epoch(self) -> None:
        position = self.position
        self._step.begin(position.totals, position.steps, position.first_loss)
        if not self._task.as_keras:
            return
        self._model.reset_metrics()
        if position.step and self._restored is not None:
            values = checkpoint.listed(self._restored, "metrics")
            for variable, value in zip(self._model.metrics_variables, values, strict=True):
                variable.assign(value)

    def _steps_to_take(self, number: int) -> int:
        """Returns how many steps the next call takes: to the epoch's end or checkpoint at most."""
        count = self._step.settings.steps_per_execution
        if self._training.steps is not None:
            count = min(count, self._training.steps - number)
        if self._checkpoint_steps:
            count = min(count, self._checkpoint_steps - number % self._checkpoint_steps)
        return count

    def _asked_to_stop(self) -> bool:
        self._look_out()
        if not self._several_workers:
            return bool(self._stop)
        if self._stop:
            self._step.stop_asked.assign(self._stop.vote)
        return float(self._step.stop_agreed) > 0  # what all have known since the same step

    def _validate(self, callbacks: keras.callbacks.CallbackList) -> dict[str, Any]:
        self._replicas.average_statistics()
        if self._validation is None:
            return {}

        def on_batch(number: int) -> bool:
            callbacks.on_test_batch_end(number)
            return bool(self._stop) and not self._several_workers

        metrics = self._metrics()  # of the training, which those of the validation will replace
        callbacks.on_test_begin()
        with self.averaged():
            results = self._evaluate(self._validation, on_batch, callbacks.on_test_batch_begin)
        if results is None:
            self._save_within_epoch(self._steps_done, metrics)
            self._interrupt()
        callbacks.on_test_end(results)
        if not math.isfinite(results["loss"]):
            step = int(self._step.steps.numpy())
            raise divergence.Diverged(
                f"The validation loss is not finite after step {step} "
                f"(epoch {self.position.epoch + 1})",
                step,
            )
        return {f"val_{name}": value for name, value in results.items()}

    def _finish_epoch(self, callbacks: keras.callbacks.CallbackList, logs: dict[str, Any]) -> None:
        position = self.position
        logs["learning_rate"] = self._rate.value
        callbacks.on_epoch_end(position.epoch, logs)
        position.epoch += 1
        position.step, position.totals = 0, (0.0,) * self._task.num_sums
        position.steps = int(self._step.steps.numpy())
        position.first_loss = float(self._step.first_loss.numpy())
        score = self._score(logs)
        if position.best is None or score > tuple(position.best):
            position.best = score
            if self._chief and self._folder is not None:
                with self.averaged():
                    checkpoint.save(self._model, self._folder.best)
        self._save()

    def _require_good_loss(self) -> None:
        step = int(self._step.bad_step.numpy())
        if step:
            what = "The loss is not finite, or has exploded, at"
            raise self._diverged(what, step, by_step=step - 1)

    def _require_good_weights(self) -> None:
        """Keeps what exploded after the loss was computed out of checkpoints."""
        self._require_good_loss()
        if not bool(self._weights_are_finite()):
            step = int(self._step.steps.numpy())
            raise self._diverged("The weights are not finite after", step, by_step=step)

    def _diverged(self, what: str, step: int, by_step: int) -> divergence.Diverged:
        batch = step - 1 - self.position.steps + self.position.step
        place = f"step {step} (epoch {self.position.epoch + 1}, batch {batch + 1})"
        return divergence.Diverged(f"{what} {place}", step, batch, by_step=by_step)

    def _recover(self, error: divergence.Diverged) -> None:
        """Goes back to the last checkpoint with a lower rate, or raises what happened."""
        done = self.position.recoveries
        if self._folder is None or done >= self._recover_at_most:
            raise divergence.Diverged(self._say(error), error.step, error.batch) from None
        if error.by_step <= self.position.steps:  # the checkpoint is from after it
            if self._chief:
                checkpoint.drop_last(self._folder.last)
            self._replicas.all_agree_to_stop(False)
        self.restore()
        self._states.write(
            self.position.callbacks,
            self._restored,  # type: ignore[arg-type]  # `restore` has set it
        )
        self._replicas.all_agree_to_stop(False)  # all have read it before it is written anew
        self.position.recoveries = done + 1
        self.position.rate_factor *= divergence.RATE_FACTOR
        factor = self.position.rate_factor if self._rate.is_schedule else divergence.RATE_FACTOR
        self._rate.scale(factor)
        self._step.retrace()
        self._save()
        self._log(
            "recovered",
            reason=str(error),
            epoch=self.position.epoch,
            step=self.position.steps,
            learning_rate=self._rate.value,
        )

    def _say(self, error: divergence.Diverged) -> str:
        """Keeps the batch where the loss exploded, and returns the message."""
        message = f"{error}. A lower learning rate, a clip_norm or recover may help"
        if self._folder is None:
            return message
        self._log("diverged", reason=str(error), step=error.step)
        if error.batch is not None:
            divergence.keep_batch(
                self._folder.bad_batch if self._chief else None,
                self._training,
                self._strategy,
                self.position.epoch,
                error.batch,
            )
            message += f"; the batch is kept in {self._folder.bad_batch}"
        return f"{message}; the last checkpoint is from before it."

    def _metrics(self) -> list[np.ndarray]:
        return [v.numpy() for v in self._model.metrics_variables] if self._task.as_keras else []

    def _save_within_epoch(self, step: int, metrics: list[np.ndarray] | None = None) -> None:
        position = self.position
        self._replicas.average_statistics()
        position.steps = int(self._step.steps.numpy())
        position.step = step
        position.totals = tuple(self._step.totals.numpy().tolist())
        position.first_loss = float(self._step.first_loss.numpy())
        self._save(metrics or self._metrics())

    def _save(self, metrics: Iterable[np.ndarray] = ()) -> None:
        """Writes the last checkpoint; every worker takes part, the chief writes."""
        now = time.perf_counter()
        self.position.seconds += now - getattr(self, "_since", now)
        self._since = now
        if self._folder is None:
            return
        self.position.stopped = bool(self._model.stop_training)
        self.position.callbacks, arrays = self._states.read()
        arrays |= checkpoint.named("metrics", metrics)
        if self._step.averages is not None and not self._task.as_keras:
            arrays |= checkpoint.named("averages", self._step.averages.numpy())
        if self._chief:
            position = dataclasses.asdict(self.position)
            checkpoint.save(self._model, self._folder.last, position, arrays)

    def _interrupt(self) -> NoReturn:
        position = self.position
        place = f"step {position.step} of epoch {position.epoch + 1}"
        if not position.step:
            place = f"epoch {position.epoch}"
        kept = f"; the checkpoint {self._folder.last} is kept" if self._folder else ""
        number = self._stop.signal or signal_of(float(self._step.stop_agreed))
        raise Interrupted(f"Stopped after {place}{kept}", number)

    def _log(self, event: str, **fields: Any) -> None:
        if self._chief and self._folder is not None:
            log_event(self._folder.events, event, **fields)

    def _callback_list(self, epochs: int) -> keras.callbacks.CallbackList:
        callbacks = list(self._callbacks)
        if self._chief and self._folder is not None:
            first_epoch = self.position.epoch
            log = EpochLog(self._folder.log, self._training.count, first_epoch=first_epoch)
            callbacks.append(log)
        return keras.callbacks.CallbackList(
            callbacks,
            add_history=True,
            add_progbar=self._verbose > 0,
            model=self._model,
            verbose=self._verbose,
            epochs=epochs,
            steps=self._training.steps,
            augmentation=self._training.policy,
        )
