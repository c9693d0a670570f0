"""Checkpoints: everything comes back, they load in plain Keras, and damage is named."""

import os
import shutil
import zipfile

import keras
import ml_dtypes
import numpy as np
import pytest

from kerasbook.training.engine import checkpoint


def make_model(units=3, optimizer="adam"):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dropout(0.5, seed=1),
            keras.layers.Dense(units),
            keras.layers.BatchNormalization(),
        ]
    )
    model.compile(optimizer, "mse")
    return model


def train(model, steps):
    rng = np.random.default_rng(0)
    for _ in range(steps):
        model.train_on_batch(rng.normal(size=(8, 4)), rng.normal(size=(8, 3)))


def values(model):
    model.optimizer.build(model.trainable_variables)
    return [v.numpy() for v in (*model.variables, *model.optimizer.variables)]


def assert_equal(left, right):
    for a, b in zip(left, right, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with two checkpoints, `last.keras` of the second epoch and the one before."""
    folder = tmp_path_factory.mktemp("made")
    model = make_model()
    for epoch in (1, 2):
        train(model, 1)
        checkpoint.save(model, folder / "last.keras", {"epoch": epoch}, {"a": np.arange(4)})
    return folder


@pytest.fixture
def two(made, tmp_path):
    """A copy of those two."""
    return shutil.copytree(made, tmp_path / "two")


def test_training_goes_on_as_if_never_stopped(tmp_path):
    model = make_model()
    train(model, 3)
    checkpoint.save(model, tmp_path / "last.keras", {"epoch": 2, "best": None})
    train(model, 3)
    again = make_model()
    position, arrays = checkpoint.restore(again, tmp_path / "last.keras")
    assert position == {"epoch": 2, "best": None}
    assert arrays == {}
    assert int(again.optimizer.iterations) == 3
    train(again, 3)
    assert_equal(values(again), values(model))


def test_plain_keras_loads_it_and_the_best_has_no_optimizer(tmp_path):
    model = make_model()
    train(model, 1)
    checkpoint.save(model, tmp_path / "last.keras", {"epoch": 1}, {"mean": np.ones(3)})
    checkpoint.save(model, tmp_path / "best.keras")
    x = np.ones((2, 4))
    for name in ("last", "best"):
        loaded = keras.saving.load_model(tmp_path / f"{name}.keras")
        np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert (tmp_path / "best.keras").stat().st_size < (tmp_path / "last.keras").stat().st_size


def test_numbers_and_arrays_come_back_bit_by_bit(tmp_path):
    rng = np.random.default_rng(0)
    third = np.float32(1) / 3
    position = {"float32": third, "float64": 0.1 + 0.2, "int": np.int64(2**62 + 1), "nan": np.nan}
    bits = rng.integers(0, 256, 64, np.uint8)  # NaN of all kinds are among such floats
    arrays = {
        **{kind: bits.view(kind) for kind in ("float16", "float32", "float64", "int64", "uint8")},
        "layer/bfloat16": bits.view(ml_dtypes.bfloat16).reshape(2, 16),
        "turned": bits.view(">i4").reshape(4, 4).T,
        "bool": np.array([True, False]),
        "text": np.array(["loss", "accuracy"]),
        "number": np.array(2**62 + 1),
        "empty": np.zeros((0, 3), np.float32),
    }
    model = make_model()
    model.optimizer.build(model.trainable_variables)
    checkpoint.save(model, tmp_path / "last.keras", position, arrays)
    found, restored = checkpoint.restore(make_model(), tmp_path / "last.keras")
    assert np.float32(found["float32"]) == third
    assert found["float64"] == 0.1 + 0.2
    assert found["int"] == 2**62 + 1
    assert np.isnan(found["nan"])
    assert list(restored) == list(arrays)
    for name, array in arrays.items():
        assert restored[name].dtype == array.dtype
        assert restored[name].shape == array.shape
        assert restored[name].tobytes() == array.tobytes()
        assert restored[name].flags.writeable


def test_objects_are_no_arrays(tmp_path):
    with pytest.raises(ValueError, match="`arrays` must hold numbers. Received: a="):
        checkpoint.save(make_model(), tmp_path / "last.keras", {}, {"a": np.array([None])})
    assert list(tmp_path.iterdir()) == []


def test_the_last_two_are_kept(two):
    checkpoint.save(make_model(), two / "last.keras", {"epoch": 3})
    assert sorted(file.name for file in two.iterdir()) == ["last.keras", "previous.keras"]
    for name, epoch in (("last", 3), ("previous", 2)):
        assert checkpoint.read_state(two / f"{name}.keras")["position"] == {"epoch": epoch}


def test_a_best_model_displaces_nothing(two):
    before = (two / "previous.keras").read_bytes()
    for _ in range(2):
        checkpoint.save(make_model(), two / "best.keras")
    assert (two / "previous.keras").read_bytes() == before


def test_a_write_that_fails_touches_neither(two, monkeypatch):
    before = {file.name: file.read_bytes() for file in two.iterdir()}

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(make_model(), two / "last.keras", {"epoch": 3})
    assert {file.name: file.read_bytes() for file in two.iterdir()} == before


def test_killed_between_the_two_renames(two):
    model = make_model()
    (two / "last.keras").unlink()
    with pytest.warns(UserWarning, match="last.keras cannot be resumed from: there is no such"):
        position, _ = checkpoint.restore(model, two / "last.keras")
    assert position == {"epoch": 1}
    checkpoint.save(model, two / "last.keras", {"epoch": 2})
    for name, epoch in (("last", 2), ("previous", 1)):
        assert checkpoint.read_state(two / f"{name}.keras")["position"] == {"epoch": epoch}


def flip(content, place):
    return content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :]


def without(path, name):
    """Writes a `.keras` file anew, leaving out one member."""
    members = contents(path)
    del members[name]
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in members.items():
            archive.writestr(each, content)


def exchanged(path, name):
    """Writes another content, and a checksum that is right for it, in the place of a member."""
    content = contents(path)[name]
    without(path, name)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, flip(content, 9))


WEIGHTS = "model.weights.h5"


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "File is not a zip file"),
        (lambda path: path.write_bytes(path.read_bytes()[:500]), "File is not a zip file"),
        (lambda path: path.write_bytes(b""), "File is not a zip file"),
        (lambda path: path.write_bytes(flip(path.read_bytes(), 8000)), f"{WEIGHTS} does not match"),
        (lambda path: without(path, WEIGHTS), "its members are not those that were written"),
        (lambda path: exchanged(path, WEIGHTS), "its members are not those that were written"),
        (lambda path: without(path, "kerasbook.arrays"), "its members are not those"),
        (lambda path: without(path, "kerasbook.json"), "no item named 'kerasbook.json'"),
        (lambda path: checkpoint.save(make_model(), path), "no item named 'kerasbook.json'"),
    ],
)
def test_damage_of_every_kind_is_named(damage, why, two):
    damage(two / "last.keras")
    with pytest.raises(checkpoint.DamagedCheckpointError, match=f"last.keras cannot .*: .*{why}"):
        checkpoint.read_state(two / "last.keras")


def test_of_a_damaged_newest_one_the_one_before_is_used(two):
    good, damaged = (
        (two / "previous.keras").read_bytes(),
        flip((two / "last.keras").read_bytes(), 8000),
    )
    (two / "last.keras").write_bytes(damaged)
    model = make_model()
    with pytest.warns(UserWarning, match="last.keras cannot .* Going on from .*previous") as caught:
        position, arrays = checkpoint.restore(model, two / "last.keras")
    assert len(caught) == 1
    assert position == {"epoch": 1}
    assert arrays["a"].tolist() == [0, 1, 2, 3]
    expected = make_model()
    train(expected, 1)
    assert_equal(values(model), values(expected))
    # The damaged file does not push the sound one out.
    assert (two / "last.damaged").read_bytes() == damaged
    checkpoint.save(model, two / "last.keras", {"epoch": 2})
    assert (two / "previous.keras").read_bytes() == good


def test_a_flipped_bit_is_noticed_wherever_it_matters(two):
    path = two / "last.keras"
    content, members = path.read_bytes(), contents(path)
    with zipfile.ZipFile(path) as archive:
        places = {place for info in archive.infolist() for place in range_of(info)}
        places.update(range(archive.start_dir, len(content)), range(0, len(content), 97))
    noticed = 0
    for place in places:
        path.write_bytes(flip(content, place))
        try:
            checkpoint.read_state(path)
        except checkpoint.DamagedCheckpointError:
            noticed += 1
        else:  # dates, and what else nobody reads: all that is loaded is the same
            assert contents(path) == members
    assert noticed > len(places) / 2


def contents(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def range_of(info):
    """Returns where the header of a member lies."""
    return range(info.header_offset, info.header_offset + 30 + len(info.filename))


def test_both_damaged(two):
    for name in ("last", "previous"):
        (two / f"{name}.keras").write_bytes(b"nothing")
    before = sorted(file.name for file in two.iterdir())
    with pytest.raises(ValueError, match="last.keras cannot be resumed from: File is not a zip"):
        checkpoint.restore(make_model(), two / "last.keras")
    assert sorted(file.name for file in two.iterdir()) == before


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        ({"units": 5}, r"whose variable 1 is float32 \(4, 3\) where float32 \(4, 5\) is expected"),
        ({"optimizer": "sgd"}, "with 17 variables where 9 are expected"),
    ],
)
def test_another_model_is_named_and_left_as_it_was(other, difference, two):
    model = make_model(**other)
    before = values(model)
    with pytest.raises(
        ValueError, match=f"last.keras cannot be .* another.* {difference}"
    ) as caught:
        checkpoint.restore(model, two / "last.keras")
    assert "\n" not in str(caught.value)
    assert_equal(values(model), before)
    assert sorted(file.name for file in two.iterdir()) == ["last.keras", "previous.keras"]


def test_lists_of_arrays_are_named_and_listed():
    arrays = [np.arange(n) for n in range(12)]
    together = {**checkpoint.named("a", arrays), **checkpoint.named("ab", arrays[:1])}
    for one, other in zip(checkpoint.listed(together, "a"), arrays, strict=True):
        np.testing.assert_array_equal(one, other)
    assert checkpoint.listed(together, "none") == []
