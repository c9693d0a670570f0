"""The loop of a run: epochs, callbacks, validation, checkpoints, and stopping."""

import dataclasses
import math
import time

import keras
import tensorflow as tf

from kerasbook.callbacks import EpochLog
from kerasbook.training import checkpoint
from kerasbook.training.signals import Interrupted, stop_on_signal
from kerasbook.training.step import Classifier, EvaluationStep, TrainingStep
from kerasbook.training.strategy import is_chief

# Looking at the loss waits for the device, so it is not done after every step.
STEPS_BETWEEN_CHECKS = 20
# Between the seeds of neighbouring replicas; a prime, far from what people choose as seeds.
SEED_STEP = 1_000_003


@dataclasses.dataclass
class Position:
    """How far a run is: what a checkpoint holds beside weights and optimizer.

    Attributes:
        epoch: Epochs done.
        step: Steps done in the epoch under way.
        steps: Steps done in all.
        totals: Sum of losses, right answers and examples of the epoch under way.
        best: Validation accuracy and minus validation loss of the best epoch, or `None`.
        seconds: Time spent in epochs, validation included.
    """

    epoch: int = 0
    step: int = 0
    steps: int = 0
    totals: tuple = (0.0, 0.0, 0.0)
    best: tuple = None
    seconds: float = 0.0


class Engine:
    """Trains a compiled model on a pipeline, through one step for every strategy.

    Args:
        model: A `keras.Model` built and compiled in the strategy's scope.
        strategy: The tf.distribute strategy.
        training: `Pipeline` of the training examples.
        validation: `Pipeline` of the validation examples.
        folder: `RunFolder` for the log and the checkpoints.
        label_smoothing: Share of the target spread over all classes.
        clip_norm: Greatest global norm of the gradient, or `None`.
        callbacks: Keras callbacks.
        verbose: 1 shows a progress bar per epoch, 2 a line per epoch, 0 nothing.
    """

    def __init__(
        self,
        model,
        strategy,
        training,
        validation,
        folder,
        *,
        label_smoothing=0.0,
        clip_norm=None,
        callbacks=(),
        verbose=1,
    ):
        self._model = model
        self._strategy = strategy
        self._training = training
        self._validation = validation
        self._folder = folder
        self._callbacks = list(callbacks)
        self._chief = is_chief(strategy)
        self._verbose = verbose if self._chief else 0
        with strategy.scope():
            classifier = Classifier(model, label_smoothing)
            if not model.optimizer.built:
                model.optimizer.build(model.trainable_variables)
        self._step = TrainingStep(classifier, model.optimizer, strategy, clip_norm)
        self._evaluate = EvaluationStep(classifier, strategy)
        self._averaging = None
        self._spread_seeds()
        self.position = Position()

    def restore(self):
        """Goes back to where the last checkpoint was written."""
        with self._strategy.scope():
            position, _ = checkpoint.restore(self._model, self._folder.last)
        self._spread_seeds()
        self.position = Position(**position)

    def fit(self, epochs):
        """Trains until `epochs` epochs are done in all; returns the position.

        Raises:
            FloatingPointError: If the loss is not finite; the message names the step, and the
                last checkpoint is from before it.
            Interrupted: If a signal asked to stop; the last checkpoint holds the step reached.
        """
        self._model.stop_training = False
        callbacks = self._callback_list(epochs)
        shared = isinstance(self._strategy, tf.distribute.MultiWorkerMirroredStrategy)
        with stop_on_signal(shared) as stop:
            callbacks.on_train_begin()
            while self.position.epoch < epochs and not self._model.stop_training:
                start = time.perf_counter()
                callbacks.on_epoch_begin(self.position.epoch)
                logs = self._train_epoch(callbacks, stop, start)
                logs |= self._validate(callbacks, stop, start)
                self.position.seconds += time.perf_counter() - start
                self._finish_epoch(callbacks, logs)
                if stop:
                    self._stop(stop)
            if stop.received:  # too late for a step to tell the other workers
                stop.signal = stop.received
                self._stop(stop)
            callbacks.on_train_end()
        return self.position

    def _spread_seeds(self):
        """Lets Keras' random layers draw differently on each replica; the first keeps its seeds."""
        states = checkpoint.seed_states(self._model)
        if self._strategy.num_replicas_in_sync == 1 or not states:
            return

        def on_replica():
            number = tf.distribute.get_replica_context().replica_id_in_sync_group
            for state in states:
                value = state.value
                step = tf.cast(number * SEED_STEP, value.dtype) * tf.constant([1, 0], value.dtype)
                value.assign_add(step)

        tf.function(lambda: self._strategy.run(on_replica))()

    def _average_statistics(self):
        """Gives every replica the mean of what each has gathered, such as moving averages."""
        gathered = [
            v for v in self._model.non_trainable_variables if "float" in v.dtype and v.shape.rank
        ]
        if self._strategy.num_replicas_in_sync == 1 or not gathered:
            return
        if self._averaging is None:

            def on_replica():
                values = [tf.convert_to_tensor(v.value) for v in gathered]
                context = tf.distribute.get_replica_context()
                means = context.all_reduce(tf.distribute.ReduceOp.MEAN, values)
                for variable, mean in zip(gathered, means, strict=True):
                    variable.value.assign(mean)

            self._averaging = tf.function(lambda: self._strategy.run(on_replica))
        self._averaging()

    def _callback_list(self, epochs):
        callbacks = list(self._callbacks)
        if self._chief:
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

    def _train_epoch(self, callbacks, stop, start):
        position = self.position
        self._step.totals.assign(position.totals)
        self._step.steps.assign(position.steps)
        pipeline = self._training
        iterator = iter(pipeline.epoch(self._strategy, position.epoch, position.step))
        for number in range(position.step, pipeline.steps):
            callbacks.on_train_batch_begin(number)
            self._tell(self._step, stop)
            logs = self._step(iterator)
            self._hear(self._step, stop)
            callbacks.on_train_batch_end(number, logs)
            if number % STEPS_BETWEEN_CHECKS == 0 or number == pipeline.steps - 1 or stop:
                self._require_finite_loss()
            if stop:
                self._stop_within_epoch(stop, number + 1, start)
            if self._model.stop_training:
                break
        return self._step.results()

    def _validate(self, callbacks, stop, start):
        def on_batch(number):
            self._hear(self._evaluate, stop)
            self._tell(self._evaluate, stop)
            callbacks.on_test_batch_end(number)
            if stop:
                self._stop_within_epoch(stop, self._training.steps, start)

        self._average_statistics()
        self._tell(self._evaluate, stop)
        callbacks.on_test_begin()
        results = self._evaluate(self._validation, on_batch)
        callbacks.on_test_end(results)
        if not math.isfinite(results["loss"]):
            raise FloatingPointError(
                f"The validation loss is not finite after step {int(self._step.steps.numpy())} "
                f"(epoch {self.position.epoch + 1}); the last checkpoint is from before it."
            )
        return {f"val_{name}": value for name, value in results.items()}

    @staticmethod
    def _tell(step, stop):
        """Lets the other workers know with the next step what this one was asked."""
        if stop.shared and stop.received:
            step.stop_requested.assign(stop.counts())

    @staticmethod
    def _hear(step, stop):
        """Stops where any worker was asked to before the last step."""
        if stop.shared:
            stop.agree(step.stopping.numpy())

    def _finish_epoch(self, callbacks, logs):
        position = self.position
        position.epoch += 1
        position.step, position.totals = 0, (0.0, 0.0, 0.0)
        position.steps = int(self._step.steps.numpy())
        logs["learning_rate"] = float(tf.convert_to_tensor(self._model.optimizer.learning_rate))
        callbacks.on_epoch_end(position.epoch - 1, logs)
        score = (logs["val_accuracy"], -logs["val_loss"])
        better = position.best is None or score > tuple(position.best)
        if better:
            position.best = score
        if self._chief:
            if better:
                checkpoint.save(self._model, self._folder.best)
            checkpoint.save(self._model, self._folder.last, dataclasses.asdict(position))

    def _require_finite_loss(self):
        step = int(self._step.bad_step.numpy())
        if step:
            raise FloatingPointError(
                f"The loss is not finite at step {step} (epoch {self.position.epoch + 1}); the "
                "last checkpoint is from before it. A lower learning_rate or clip_norm may help."
            )

    def _stop_within_epoch(self, stop, step, start):
        position = self.position
        position.step = step
        position.steps = int(self._step.steps.numpy())
        position.totals = tuple(self._step.totals.numpy().tolist())
        position.seconds += time.perf_counter() - start
        self._average_statistics()
        if self._chief:
            checkpoint.save(self._model, self._folder.last, dataclasses.asdict(position))
        self._stop(stop)

    def _stop(self, stop):
        position = self.position
        place = f"step {position.step} of epoch {position.epoch + 1}"
        if not position.step:
            place = f"epoch {position.epoch}"
        raise Interrupted(
            f"Stopped after {place}; the checkpoint {self._folder.last} is kept", stop.signal
        )
