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
    later = WeightSnapshots(model, tmp_path / "weights", goes_on=True)
    later.put_back(5)
    assert same(values(model), states[5])
    later.put_back()
    assert same(values(model), states[None])  # where the first one began
    model.fit(X, X.sum(1), epochs=1, verbose=0)
    new = WeightSnapshots(model, tmp_path / "weights")
    before = values(model)
    model.fit(X, X.sum(1), epochs=1, verbose=0)
    new.put_back()
    assert same(values(model), before)


def test_only_what_is_wanted_is_kept(tmp_path):
    snapshots = WeightSnapshots(compiled_model(), tmp_path / "weights")
    for number in range(4):
        snapshots.take(number)
    snapshots.keep_only({1, 3})
    left = {file.name for file in (tmp_path / "weights").iterdir()}
    assert left == {"1.npz", "3.npz", "initial.npz"}
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


def test_bfloat16_comes_back_from_files(tmp_path):
    dtype = keras.dtype_policies.DTypePolicy("bfloat16")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, dtype=dtype)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    snapshots = WeightSnapshots(model, tmp_path)
    snapshots.take(0)
    before = values(model)
    assert "bfloat16" in {str(value.dtype) for value in before}
    model.layers[0].kernel.assign(np.ones((2, 3)))
    WeightSnapshots(model, tmp_path, goes_on=True).put_back(0)
    assert same(values(model), before)


@pytest.mark.parametrize("damage", [b"", b"PK", b"not weights at all", None])
def test_damaged_and_foreign_files_are_named_and_change_nothing(damage, tmp_path):
    model = compiled_model()
    snapshots = WeightSnapshots(model, tmp_path)
    file = tmp_path / "7.npz"
    if damage is None:
        other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        other.compile("sgd", "mse")
        WeightSnapshots(other, tmp_path / "other").take(7)
        damage = (tmp_path / "other" / "7.npz").read_bytes()
    file.write_bytes(damage)
    before = values(model)
    with pytest.raises(ValueError, match="7.npz (does not hold weights|must hold the .* arrays)"):
        snapshots.put_back(7)
    assert same(values(model), before)


def test_a_model_must_be_built():
    model = keras.Sequential([keras.layers.Dense(3)])
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="`model` must be built before `fit`"):
        WeightSnapshots(model)
    model.build((None, 2))
    WeightSnapshots(model).put_back()


@pytest.mark.tensorflow
def test_replicas_keep_their_own_seeds():
    from kerasbook.testing import two_replicas
    from kerasbook.training.engine.replicas import Replicas

    strategy = two_replicas()
    with strategy.scope():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.5, seed=1)])
        model.add(keras.layers.Dense(1))
        model.compile(keras.optimizers.SGD(0.1), "mse")
    seeds = model.layers[0].seed_generator.state
    Replicas(model, strategy).spread_seeds()
    spread = [v.numpy().tolist() for v in strategy.experimental_local_results(seeds.value)]
    assert spread[0] != spread[1]
    snapshots = WeightSnapshots(model)
    before = model.get_weights()
    model.layers[1].kernel.assign(np.ones((2, 1)))
    snapshots.put_back()
    assert same(model.get_weights(), before)
    assert [v.numpy().tolist() for v in strategy.experimental_local_results(seeds.value)] == spread
