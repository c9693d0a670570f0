"""The loop: callbacks are called as Keras calls them, stopping and resuming lose nothing."""

import dataclasses
import functools
import json
import os
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbook import layers
from kerasbook.applications import LeNet5
from kerasbook.augmentation import ShiftFlip
from kerasbook.callbacks.epoch_log import read_log
from kerasbook.serving import Preprocessing
from kerasbook.testing import two_replicas
from kerasbook.training.engine import checkpoint
from kerasbook.training.engine.divergence import Diverged
from kerasbook.training.engine.loop import Engine
from kerasbook.training.engine.settings import StepSettings
from kerasbook.training.engine.signals import Interrupted
from kerasbook.training.engine.task import Classifier
from kerasbook.training.files import RunFolder
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.input.pipeline import Pipeline
from kerasbook.training.schedules import WarmupCosine

PREPROCESSING = Preprocessing(8, 8, 1)


class SignalAt(keras.callbacks.Callback):
    """Sends this process a signal at a step, as Ctrl-C does."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.at = (epoch, batch)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            os.kill(os.getpid(), signal.SIGINT)


def lenet():
    return LeNet5(input_shape=(8, 8, 1), filters=(4, 4), units=(8, 8), kernel_size=3, dropout=0.3)


def normalized():
    image = keras.Input((8, 8, 1))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, strides=2)(image))
    x = keras.layers.Dropout(0.5, seed=1)(keras.layers.Flatten()(x))
    return keras.Model(image, keras.layers.Dense(10, activation="softmax")(x))


def make_engine(
    path,
    *,
    callbacks=(),
    strategy=None,
    optimizer=None,
    resume=False,
    model=None,
    settings=None,
    **arguments,
):
    strategy = strategy or tf.distribute.get_strategy()
    data = LabelledImages("digits")
    training = Pipeline(
        data.split("train", 60), PREPROCESSING, 16, shuffle=True, seed=5, policy=ShiftFlip(0.2)
    )
    validation = Pipeline(data.split("validation", 40), PREPROCESSING, 32)
    keras.utils.set_random_seed(3)
    with strategy.scope():
        model = model() if model else lenet()
        model.compile(
            optimizer or keras.optimizers.Adam(0.01),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
    folder = RunFolder(path) if resume else RunFolder.create(path)
    engine = Engine(
        Classifier(model),
        strategy,
        training,
        validation,
        folder,
        settings=settings,
        callbacks=callbacks,
        verbose=0,
        **arguments,
    )
    if resume:
        engine.restore()
    return engine, model


def test_a_run_logs_keeps_best_and_last_and_calls_callbacks(tmp_path):
    seen = []
    batch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((epoch, dict(logs))),
        on_train_batch_end=lambda batch, logs: seen.append(batch),
    )
    engine, model = make_engine(tmp_path / "run", callbacks=[batch])
    position = engine.fit(2)
    assert seen[:4] == [0, 1, 2, 3]
    assert [entry[0] for entry in seen if isinstance(entry, tuple)] == [0, 1]
    assert (position.epoch, position.step, position.steps) == (2, 0, 8)
    rows = read_log(tmp_path / "run" / "log.csv")
    for row, (_, logs) in zip(rows, [e for e in seen if isinstance(e, tuple)], strict=True):
        assert row["loss"] == pytest.approx(logs["loss"])
        assert row["val_accuracy"] == pytest.approx(logs["val_accuracy"])
        assert row["learning_rate"] == pytest.approx(0.01)
    last = keras.saving.load_model(tmp_path / "run" / "checkpoints" / "last.keras")
    for a, b in zip(last.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    best = keras.saving.load_model(tmp_path / "run" / "checkpoints" / "best.keras")
    x, y = LabelledImages("digits").split("validation", 40).arrays
    best.compile(metrics=["accuracy"], loss="sparse_categorical_crossentropy")
    accuracy = best.evaluate(x / 255, y, verbose=0)[1]
    assert accuracy == pytest.approx(max(row["val_accuracy"] for row in rows))


def test_keras_callbacks_work(tmp_path):
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=1e9, patience=1)
    lower = keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1))
    board = keras.callbacks.TensorBoard(tmp_path / "board", write_graph=False)
    engine, model = make_engine(tmp_path / "run", callbacks=[stop, lower, board])
    position = engine.fit(9)
    assert position.epoch == 2  # nothing improves by so much
    assert float(model.optimizer.learning_rate) == pytest.approx(0.005)
    assert list((tmp_path / "board").rglob("events.*"))


@pytest.fixture(scope="module")
def never_stopped(tmp_path_factory):
    """A function from what makes a strategy to it and to the folder, model and end of a run."""

    @functools.cache
    def run(make_strategy):
        strategy, path = make_strategy(), tmp_path_factory.mktemp("whole") / "run"
        whole, model = make_engine(path, strategy=strategy)
        return strategy, path, model, whole.fit(3)

    return run


OTHER_MOMENT = pytest.mark.slow(
    "trains two runs more; the quick set stops in the middle of an epoch on one replica, and below "
    "takes statistics of two replicas over a stop"
)


@pytest.mark.parametrize(
    ("at", "make_strategy"),
    [
        ((1, 1), tf.distribute.get_strategy),
        *(
            pytest.param(at, tf.distribute.get_strategy, marks=OTHER_MOMENT)
            for at in ((1, 3), (0, 0))
        ),
        pytest.param((1, 1), two_replicas, marks=OTHER_MOMENT),
    ],
)
def test_a_run_stopped_and_resumed_is_the_run_never_stopped(
    at, make_strategy, never_stopped, tmp_path
):
    strategy, whole, expected, position = never_stopped(make_strategy)
    first, _ = make_engine(tmp_path / "run", callbacks=[SignalAt(*at)], strategy=strategy)
    with pytest.raises(
        Interrupted, match=rf"after step {at[1] + 1} of epoch {at[0] + 1}"
    ) as caught:
        first.fit(3)
    assert caught.value.exit_code == 130
    second, model = make_engine(tmp_path / "run", strategy=strategy, resume=True)
    again = second.fit(3)

    left, right = dataclasses.asdict(again), dataclasses.asdict(position)
    assert {**left, "seconds": 0, "best": 0} == {**right, "seconds": 0, "best": 0}
    assert tuple(left["best"]) == tuple(right["best"])
    for a, b in zip(model.variables, expected.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)
    for a, b in zip(model.optimizer.variables, expected.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)
    timings = ("input_bound", "seconds", "examples_per_second")
    logs = [
        [{k: v for k, v in row.items() if k not in timings} for row in read_log(path / "log.csv")]
        for path in (whole, tmp_path / "run")
    ]
    assert logs[0] == logs[1]


def test_a_non_finite_loss_stops_with_its_step_and_keeps_the_checkpoint(tmp_path):
    class Explode(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                for weight in self.model.trainable_weights:
                    weight.assign(weight * float("nan"))

    engine, _ = make_engine(tmp_path / "run", callbacks=[Explode()])
    with pytest.raises(
        FloatingPointError, match="not finite, or has exploded, at step 5 .epoch 2, batch 1"
    ):
        engine.fit(3)
    kept = keras.saving.load_model(tmp_path / "run" / "checkpoints" / "last.keras")
    assert all(np.all(np.isfinite(w)) for w in kept.get_weights())
    assert len(read_log(tmp_path / "run" / "log.csv")) == 1


def test_replicas_share_their_statistics_and_not_their_draws(tmp_path):
    strategy = two_replicas()
    engine, model = make_engine(tmp_path / "run", strategy=strategy, model=normalized)
    [seed] = [v for v in model.variables if v.name == "seed_generator_state"]
    first, second = (v.numpy() for v in strategy.experimental_local_results(seed.value))
    assert first[0] != second[0]
    assert first[1] == second[1]

    engine.fit(2)
    for average in model.non_trainable_variables:
        copies = [v.numpy() for v in strategy.experimental_local_results(average.value)]
        if "seed" not in average.path:
            np.testing.assert_array_equal(copies[0], copies[1])
    saved = keras.saving.load_model(tmp_path / "run" / "checkpoints" / "last.keras")
    x, y = LabelledImages("digits").split("validation", 40).arrays
    saved.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = saved.evaluate(x / 255, y, verbose=0)
    row = read_log(tmp_path / "run" / "log.csv")[-1]
    assert row["val_loss"] == pytest.approx(loss, rel=1e-4)
    assert row["val_accuracy"] == pytest.approx(accuracy)


def test_statistics_survive_a_stop_on_two_replicas(tmp_path):
    strategy = two_replicas()
    whole, expected = make_engine(tmp_path / "whole", strategy=strategy, model=normalized)
    whole.fit(2)
    stopped = {"strategy": strategy, "model": normalized}
    first, _ = make_engine(tmp_path / "run", callbacks=[SignalAt(1, 1)], **stopped)
    with pytest.raises(Interrupted):
        first.fit(2)
    second, model = make_engine(tmp_path / "run", resume=True, **stopped)
    second.fit(2)
    for a, b in zip(model.weights, expected.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-6, err_msg=a.path)


def test_a_signal_in_the_last_validation_stops_the_run(tmp_path):
    signalled = keras.callbacks.LambdaCallback()
    signalled.on_test_begin = lambda logs=None: os.kill(os.getpid(), signal.SIGTERM)
    engine, _ = make_engine(tmp_path / "run", callbacks=[signalled])
    with pytest.raises(Interrupted, match="after step 4 of epoch 1") as caught:
        engine.fit(1)
    assert caught.value.exit_code == 143
    again, _ = make_engine(tmp_path / "run", resume=True)
    assert again.fit(1).epoch == 1
    assert len(read_log(tmp_path / "run" / "log.csv")) == 1


def test_a_loss_scale_survives_a_stop(tmp_path):
    def optimizer():
        return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.01), initial_scale=64.0)

    engine, model = make_engine(tmp_path / "run", optimizer=optimizer())
    engine.fit(1)
    model.optimizer.dynamic_scale.assign(7.0)
    checkpoint.save(model, tmp_path / "run" / "checkpoints" / "last.keras", {"epoch": 1})
    _, again = make_engine(tmp_path / "run", optimizer=optimizer(), resume=True)
    assert float(again.optimizer.dynamic_scale) == 7.0


def test_stopping_in_the_middle_of_an_epoch_is_heeded(tmp_path):
    class StopAt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    engine, _ = make_engine(tmp_path / "run", callbacks=[StopAt()])
    assert engine.fit(5).steps == 2


class Poison(keras.callbacks.Callback):
    """Makes the weights infinite after a step, so many times."""

    def __init__(self, epoch, batch, times):
        super().__init__()
        self.at = (epoch, batch)
        self.left = iter(range(times))  # not plain: it does not come back with the checkpoint

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at and self._left():
            for weight in self.model.trainable_weights:
                weight.assign(weight * np.inf)

    def _left(self):
        return next(self.left, None) is not None


@pytest.mark.parametrize(
    "schedule",
    [
        pytest.param(
            0.01,
            id="number",
            marks=pytest.mark.slow("trains a run more; a schedule holds a number in itself"),
        ),
        pytest.param(WarmupCosine(0.01, 12), id="schedule"),
    ],
)
def test_a_run_that_explodes_goes_back_with_half_the_rate(schedule, tmp_path):
    engine, model = make_engine(
        tmp_path / "run",
        callbacks=[Poison(1, 1, times=2)],
        optimizer=keras.optimizers.Adam(schedule),
        checkpoint_steps=1,
        recover=2,
    )
    position = engine.fit(3)
    assert (position.epoch, position.recoveries, position.rate_factor) == (3, 2, 0.25)
    rows = read_log(tmp_path / "run" / "log.csv")
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    events = [json.loads(line) for line in engine_events(tmp_path)]
    assert [event["event"] for event in events] == ["recovered"] * 2
    assert [(event["epoch"], event["step"]) for event in events] == [(1, 5), (1, 5)]
    if isinstance(schedule, float):
        assert [row["learning_rate"] for row in rows] == pytest.approx([0.01, 0.0025, 0.0025])
    else:
        rates = [float(schedule(step)) * factor for step, factor in ((4, 1), (8, 0.25), (12, 0.25))]
        assert [row["learning_rate"] for row in rows] == pytest.approx(rates)
    again, _ = make_engine(tmp_path / "run", optimizer=keras.optimizers.Adam(schedule), resume=True)
    assert again.fit(4).rate_factor == 0.25
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_a_run_that_explodes_too_often_stops_and_keeps_the_batch(tmp_path):
    engine, _ = make_engine(tmp_path / "run", callbacks=[Poison(1, 1, times=9)], recover=1)
    with pytest.raises(Diverged, match=r"at step 7 \(epoch 2, batch 3\).*the batch is kept in"):
        engine.fit(3)
    events = [json.loads(line) for line in engine_events(tmp_path)]
    assert [event["event"] for event in events] == ["recovered", "diverged"]
    with np.load(tmp_path / "run" / "bad_batch.npz") as batch:
        assert batch["inputs"].shape == (16, 8, 8, 1)
        assert np.isfinite(batch["inputs"]).all()


def test_a_checkpoint_from_just_before_the_explosion_is_dropped(tmp_path):
    """The loss of a step is that of the weights before it: it explodes one step late."""

    class Grow(Poison):
        def on_train_batch_end(self, batch, logs=None):
            if (self.epoch, batch) == self.at and self._left():
                for weight in self.model.trainable_weights:
                    weight.assign(weight * 1e6)

    engine, _ = make_engine(
        tmp_path / "run", callbacks=[Grow(1, 1, times=1)], checkpoint_steps=1, recover=2
    )
    assert engine.fit(2).recoveries == 1
    events = [json.loads(line) for line in engine_events(tmp_path)]
    assert [event["step"] for event in events] == [5]
    assert all(row["loss"] < 10 for row in read_log(tmp_path / "run" / "log.csv"))


def engine_events(folder):
    return (folder / "run" / "events.jsonl").read_text().splitlines()


@pytest.mark.parametrize("make_strategy", [tf.distribute.get_strategy, two_replicas])
def test_what_is_validated_and_kept_as_best_is_the_average(make_strategy, tmp_path):
    settings = StepSettings(ema_momentum=0.5, steps_per_execution=3)
    engine, model = make_engine(tmp_path / "run", strategy=make_strategy(), settings=settings)
    engine.fit(1)
    best = keras.saving.load_model(tmp_path / "run" / "checkpoints" / "best.keras")
    with engine.averaged():
        averages = model.get_weights()
    for a, b in zip(best.get_weights(), averages, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(np.any(a != b) for a, b in zip(model.get_weights(), averages, strict=True))
    x, y = LabelledImages("digits").split("validation", 40).arrays
    best.compile(loss="sparse_categorical_crossentropy")
    loss = np.ravel(best.evaluate(x / 255, y, verbose=0))[0]
    row = read_log(tmp_path / "run" / "log.csv")[0]
    assert row["val_loss"] == pytest.approx(loss, rel=1e-5)
