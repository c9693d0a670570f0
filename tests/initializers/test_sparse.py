"""Sparse: exactly so many weights, where they stand, how they are spread, saved models."""

import keras
import numpy as np
import pytest

from kerasbook.initializers import Sparse


@pytest.mark.parametrize("shape", [(50, 7), (3, 2, 5, 11), (12, 40), (10, 3)])
def test_each_unit_has_exactly_so_many_weights(shape):
    kernel = np.asarray(Sparse(10, seed=0)(shape))
    assert kernel.shape == shape
    assert kernel.dtype == "float32"
    np.testing.assert_array_equal((kernel.reshape(-1, shape[-1]) != 0).sum(0), 10)


def test_places_and_weights_are_spread_and_independent():
    kernel = np.asarray(Sparse(4, stddev=0.5, seed=1)((20, 5000)))
    used = kernel[kernel != 0]
    np.testing.assert_allclose(used.mean(), 0, atol=0.02)
    np.testing.assert_allclose(used.std(), 0.5, rtol=0.02)
    np.testing.assert_allclose((kernel != 0).mean(1), 4 / 20, atol=0.03)  # every input alike
    by_row = [np.std(row[row != 0]) for row in kernel]
    np.testing.assert_allclose(by_row, 0.5, rtol=0.1)
    correlation = np.corrcoef((kernel != 0).astype(float))
    # Without replacement the places of one unit exclude each other: -1 / (fan_in - 1).
    np.testing.assert_allclose(correlation[~np.eye(20, dtype=bool)], -1 / 19, atol=0.06)
    assert len({tuple(np.flatnonzero(column)) for column in kernel.T}) > 2000


def test_seeds():
    shape = (30, 4)
    np.testing.assert_array_equal(*(np.asarray(Sparse(seed=5)(shape)) for _ in range(2)))
    assert np.any(np.asarray(Sparse(seed=5)(shape)) != np.asarray(Sparse(seed=6)(shape)))
    assert np.any(np.asarray(Sparse()(shape)) != np.asarray(Sparse()(shape)))
    moving = Sparse(seed=keras.random.SeedGenerator(5))
    assert np.any(np.asarray(moving(shape)) != np.asarray(moving(shape)))


def test_dtype():
    values = Sparse(2, seed=0)((6, 3), dtype="float16")
    assert keras.backend.standardize_dtype(values.dtype) == "float16"


def test_is_saved_with_a_model(tmp_path):
    initializer = Sparse(3, stddev=0.1, seed=2)
    assert initializer.get_config() == {"num_connections": 3, "stddev": 0.1, "seed": 2}
    layer = keras.layers.Conv2D(4, 3, kernel_initializer=initializer)
    model = keras.Sequential([keras.Input((8, 9, 2)), layer])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    again = loaded.layers[0].kernel_initializer
    assert again.get_config() == initializer.get_config()
    np.testing.assert_array_equal(np.asarray(again((3, 3, 2, 4))), model.get_weights()[0])


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`num_connections` must be a positive integer.*=0"):
        Sparse(0)
    for stddev in (0, -1.0, float("nan"), "a", True):
        with pytest.raises(ValueError, match=f"`stddev` must be above 0.*stddev={stddev!r}"):
            Sparse(stddev=stddev)
    for shape in ((9, 4), (3, 1, 3, 4), (20,)):
        with pytest.raises(ValueError, match="not be larger than the fan-in.*num_connections=10"):
            Sparse()(shape)
