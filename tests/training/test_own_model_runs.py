"""Runs of users' own models: killed, resumed, ended early, and on two workers."""

import pathlib
import sys

import keras
import numpy as np
import pytest
from helpers import own_models
from helpers.own_models import OPTIMIZERS, make_data, make_model, normalized

from kerasbook import training
from kerasbook.callbacks.epoch_log import read_log
from kerasbook.testing import two_replicas
from kerasbook.training.cluster.launch import launch
from kerasbook.training.engine.signals import Interrupted


def callbacks():
    return [
        keras.callbacks.EarlyStopping(
            "val_loss", patience=2, min_delta=1, restore_best_weights=True
        ),
        keras.callbacks.ReduceLROnPlateau("val_loss", patience=1, min_delta=1),
        keras.callbacks.SwapEMAWeights(),
    ]


def test_a_run_that_ended_early_stays_ended(tmp_path):
    data = make_data(16)

    def run(**arguments):
        stop = keras.callbacks.EarlyStopping("loss", patience=1, min_delta=1)
        few = {"epochs": 9, "verbose": 0, "run_dir": tmp_path / "run"}
        return training.fit(make_model(), data, callbacks=[stop], **few, **arguments)

    assert len(run().history["loss"]) == 2
    run(resume=True)
    assert len(read_log(tmp_path / "run" / "log.csv")) == 2


def test_replicas_agree_on_statistics_without_validation(tmp_path):
    def run(name, epochs, **arguments):
        model = normalized(two_replicas())
        few = {"batch_size": 8, "verbose": 0, "run_dir": tmp_path / name}
        training.fit(model, make_data(24), epochs=epochs, **few, **arguments)
        return model

    whole = run("whole", 3)
    run("cut", 1)
    cut = run("cut", 3, resume=True)
    for a, b in zip(cut.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_run_goes_on_where_it_was_killed_callbacks_and_metrics_too(tmp_path):
    data = make_data(45)

    class Kill(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations.numpy() == 10:
                raise Interrupted("killed", 9)

    def run(name, extra=(), **arguments):
        model = make_model(lambda: OPTIMIZERS.Adam(0.01, use_ema=True))
        model.history = None
        training.fit(
            model,
            data,
            validation_data=data,
            epochs=9,
            batch_size=8,
            callbacks=[*callbacks(), *extra],
            verbose=0,
            run_dir=tmp_path / name,
            checkpoint_steps=2,
            **arguments,
        )
        return model

    whole = run("whole")
    with pytest.raises(Interrupted):
        run("run", [Kill()])
    again = run("run", resume=True)
    for a, b in zip(again.variables, whole.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)
    for a, b in zip(again.optimizer.variables, whole.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)
    logs = [read_log(tmp_path / name / "log.csv") for name in ("whole", "run")]
    assert len(logs[0]) == len(logs[1]) == 3  # stopped early
    for one, other in zip(*logs, strict=True):
        for name in ("loss", "accuracy", "val_loss", "learning_rate"):
            assert one[name] == other[name]


def test_a_run_resumes_with_its_own_arguments_only(tmp_path):
    data = make_data(16)
    training.fit(make_model(), data, verbose=0, run_dir=tmp_path / "run")
    with pytest.raises(ValueError, match=r"batch_size: 32 became 8, .*steps_per_epoch: 1 became 2"):
        training.fit(make_model(), data, batch_size=8, run_dir=tmp_path / "run", resume=True)
    x, y = data
    with pytest.raises(ValueError, match="apart. Received: data: "):
        training.fit(make_model(), (x + 1, y), run_dir=tmp_path / "run", resume=True)
    other = make_model()
    other.compile("sgd", keras.losses.SparseCategoricalCrossentropy())
    with pytest.raises(ValueError, match="apart. Received: loss: "):
        training.fit(other, data, run_dir=tmp_path / "run", resume=True)
    with pytest.raises(FileExistsError, match="`run_dir` must be new"):
        training.fit(make_model(), data, run_dir=tmp_path / "run")
    with pytest.raises(FileNotFoundError, match="must hold a run to resume"):
        training.fit(make_model(), data, run_dir=tmp_path / "none", resume=True)
    with pytest.raises(ValueError, match="`run_dir` must name the run"):
        training.fit(make_model(), data, resume=True)


def test_a_callback_that_raises_leaves_a_run_that_can_go_on(tmp_path):
    class Raises(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise RuntimeError("mine")

    data = make_data(16)
    few = {"epochs": 3, "verbose": 0, "run_dir": tmp_path / "run"}
    with pytest.raises(RuntimeError, match="mine"):
        training.fit(make_model(), data, callbacks=[Raises()], **few)
    training.fit(make_model(), data, resume=True, **few)
    assert [row["epoch"] for row in read_log(tmp_path / "run" / "log.csv")] == [1, 2, 3]


WORKER = """
import sys

import keras
import numpy as np

from kerasbook import training
from kerasbook.training.cluster.strategy import get_strategy, is_chief

strategy = get_strategy("multi_worker")
sys.path.insert(0, sys.argv[1])
from helpers.own_models import make_data, normalized

model = normalized(strategy)
few = {"batch_size": 8, "epochs": 3, "verbose": 0, "shuffle": False, "checkpoint_steps": 2}
history = training.fit(
    model, make_data(45), validation_data=make_data(20), run_dir=sys.argv[2] + "/run", **few
)
if is_chief(strategy):
    np.savez(sys.argv[2] + "/left.npz", *model.get_weights(), loss=history.history["loss"])
"""


@pytest.mark.slow(
    "two processes start TensorFlow and train; replicas in one process are in test_own_model.py"
)
def test_two_workers_fit_what_two_replicas_do(tmp_path):
    """Real processes; batch normalization, averages, accumulation, metrics and all."""
    command = [
        sys.executable,
        "-c",
        WORKER,
        str(pathlib.Path(own_models.__file__).parents[1]),
        str(tmp_path),
    ]
    assert launch(command, 2) == 0
    model = normalized(two_replicas())
    few = {"batch_size": 8, "epochs": 3, "verbose": 0, "shuffle": False, "checkpoint_steps": 2}
    run_dir = tmp_path / "one"
    history = training.fit(
        model, make_data(45), validation_data=make_data(20), run_dir=run_dir, **few
    )
    with np.load(tmp_path / "left.npz") as left:
        np.testing.assert_allclose(left["loss"], history.history["loss"], rtol=1e-5)
        for number, weights in enumerate(model.get_weights()):
            np.testing.assert_allclose(left[f"arr_{number}"], weights, atol=1e-6)
    logs = [read_log(tmp_path / name / "log.csv") for name in ("run", "one")]
    for one, other in zip(*logs, strict=True):
        for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
            assert one[name] == pytest.approx(other[name], rel=1e-5)
