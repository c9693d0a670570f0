"""Checkpoints: everything comes back, they load in plain Keras, and damage is named."""

import keras
import numpy as np
import pytest

from kerasbook.training import checkpoint


def make_model(units=3):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dropout(0.5, seed=1),
            keras.layers.Dense(units),
            keras.layers.BatchNormalization(),
        ]
    )
    model.compile("adam", "mse")
    return model


def train(model, steps):
    rng = np.random.default_rng(0)
    for _ in range(steps):
        model.train_on_batch(rng.normal(size=(8, 4)), rng.normal(size=(8, 3)))


def test_training_goes_on_as_if_never_stopped(tmp_path):
    model = make_model()
    train(model, 3)
    checkpoint.save(model, tmp_path / "last.keras", {"epoch": 2, "best": None})
    train(model, 3)
    again = make_model()
    assert checkpoint.restore(again, tmp_path / "last.keras") == {"epoch": 2, "best": None}
    assert int(again.optimizer.iterations) == 3
    train(again, 3)
    for a, b in zip(model.variables, again.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    for a, b in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_plain_keras_loads_it_and_the_best_has_no_optimizer(tmp_path):
    model = make_model()
    train(model, 1)
    checkpoint.save(model, tmp_path / "last.keras", {"epoch": 1})
    checkpoint.save(model, tmp_path / "best.keras")
    x = np.ones((2, 4))
    for name in ("last", "best"):
        loaded = keras.saving.load_model(tmp_path / f"{name}.keras")
        np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert (tmp_path / "best.keras").stat().st_size < (tmp_path / "last.keras").stat().st_size


def test_damaged_and_foreign_checkpoints_are_named(tmp_path):
    model = make_model()
    train(model, 1)
    path = tmp_path / "last.keras"
    checkpoint.save(model, path, {"epoch": 1})
    with pytest.raises(ValueError, match="last.keras cannot be resumed from"):
        checkpoint.restore(make_model(units=5), path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="last.keras cannot be resumed from"):
        checkpoint.restore(make_model(), path)
    checkpoint.save(model, path)
    with pytest.raises(ValueError, match="last.keras cannot be resumed from"):
        checkpoint.restore(make_model(), path)
