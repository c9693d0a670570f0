"""Snapshots: weights and optimizer come back, from memory and from files."""

import keras
import numpy as np
import pytest

from kerasbook.callbacks.weight_snapshots import WeightSnapshots

X = np.arange(12, dtype="float32").reshape(6, 2)


def compiled_model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), "mse")
    model.fit(X, X.sum(1), epochs=1, verbose=0)  # builds the optimizer
    return model


def values(model):
    variables = [*model.weights, *model.optimizer.variables]
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_what_was_is_again(tmp_path):
    model = compiled_model()
    snapshots = WeightSnapshots(model, tmp_path / "weights")
    states = {None: values(model)}
    for number in (3, 4, 5):
        model.fit(X, X.sum(1), epochs=1, verbose=0)
        snapshots.take(number)
        states[number] = values(model)
    assert not same(states[3], states[4])
    for number in (4, None, 5, 3):
        snapshots.put_back(number)
        assert same(values(model), states[number])
    model.fit(X, X.sum(1), epochs=1, verbose=0)
    assert same(values(model), states[4])  # the same step from the same state
    later = WeightSnapshots(model, tmp_path / "weights")
    later.put_back(5)
    assert same(values(model), states[5])
    later.put_back()
    assert same(values(model), states[4])  # where the later one began


def test_only_what_is_wanted_is_kept(tmp_path):
    snapshots = WeightSnapshots(compiled_model(), tmp_path / "weights")
    for number in range(4):
        snapshots.take(number)
    snapshots.keep_only({1, 3})
    assert {file.name for file in (tmp_path / "weights").iterdir()} == {"1.npz", "3.npz"}
    snapshots.put_back(3)
    for number in (0, 7):
        with pytest.raises(ValueError, match=f"must have been kept. Received: candidate {number}"):
            snapshots.put_back(number)


def test_without_a_folder_they_stay_in_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = compiled_model()
    snapshots = WeightSnapshots(model)
    snapshots.take(0)
    before = values(model)
    model.fit(X, X.sum(1), epochs=1, verbose=0)
    snapshots.put_back(0)
    assert same(values(model), before)
    snapshots.keep_only(set())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="must have been kept"):
        snapshots.put_back(0)
