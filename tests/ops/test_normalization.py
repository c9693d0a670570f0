"""Normalization kernels against NumPy in float64, large means and half precision among them."""

import keras
import numpy as np
import pytest
from helpers.definitions import normalize

from kerasbook import ops


@pytest.mark.parametrize("mean", [0.0, 1e4])
@pytest.mark.parametrize("groups", [1, 2, 6])
def test_group_normalization_holds_for_a_large_mean(mean, groups, rng):
    x = (rng.normal(size=(3, 5, 7, 6)) + mean * rng.uniform(0.5, 1, size=6)).astype("float32")
    gamma, beta = rng.uniform(1, 2, (2, 6)).astype("float32")
    y = ops.group_normalization(keras.ops.convert_to_tensor(x), groups, gamma, beta, epsilon=1e-4)
    grouped = x.reshape(3, 35, groups, 6 // groups)
    expected = normalize(grouped, (1, 3), 1e-4).reshape(x.shape) * gamma + beta
    # Float32 holds a mean of 1e4 to 1e-3, and gamma reaches 2; squares would lose every digit.
    tolerance = 4e-3 if mean else 1e-5
    np.testing.assert_allclose(keras.ops.convert_to_numpy(y), expected, atol=tolerance)


def test_group_normalization_of_half_precision_keeps_its_dtype(rng):
    x = keras.ops.convert_to_tensor(300 + rng.normal(size=(2, 9, 4)), dtype="float16")
    y = ops.group_normalization(x, 2)
    assert keras.backend.standardize_dtype(y.dtype) == "float16"
    assert bool(keras.ops.all(keras.ops.isfinite(y)))


@pytest.mark.tensorflow
@pytest.mark.parametrize("shape", [(6, 3), (2, 5, 3), (2, 4, 5, 3), (2, 2, 3, 4, 3)])
def test_fused_batch_normalization_is_the_biased_definition(shape, rng):
    x = (rng.normal(size=shape) * 3 + 5).astype("float32")
    gamma, beta = rng.uniform(1, 2, (2, 3)).astype("float32")
    y, mean, variance = ops.fused_batch_normalization(x, gamma, beta, epsilon=1e-2)
    axes = tuple(range(len(shape) - 1))
    np.testing.assert_allclose(y, normalize(x, axes, 1e-2) * gamma + beta, atol=1e-4)
    np.testing.assert_allclose(mean, x.mean(axes), rtol=1e-5)
    np.testing.assert_allclose(variance, x.var(axes), rtol=1e-4)


@pytest.mark.tensorflow
def test_fused_batch_normalization_adds_the_very_epsilon(rng):
    x = (rng.normal(size=(2, 4, 5, 4)) * 1e-4).astype("float32")  # variance far below epsilon
    ones, zeros = np.ones(4, "float32"), np.zeros(4, "float32")
    y, mean, variance = ops.fused_batch_normalization(x, ones, zeros, epsilon=1e-5)
    np.testing.assert_allclose(y, normalize(x, (0, 1, 2), 1e-5), rtol=1e-5, atol=1e-8)
    given = {"mean": mean, "variance": variance}
    again, *_ = ops.fused_batch_normalization(x, ones, zeros, **given, epsilon=1e-5)
    np.testing.assert_allclose(again, y, rtol=1e-4, atol=1e-8)


def test_fused_kernel_is_refused_where_it_would_change_numbers():
    assert not ops.has_fused_batch_normalization("float32", 0.99e-5)
    assert not ops.has_fused_batch_normalization("float64", 1e-3)
    expected = keras.backend.backend() == "tensorflow"
    assert ops.has_fused_batch_normalization("float32", 1e-3) == expected
    assert ops.has_fused_batch_normalization("float32", 1e-5) == expected  # torch's


@pytest.mark.tensorflow
@pytest.mark.parametrize(("gpus", "channels"), [((), [3, 6, 8, 60]), (("0",), [3, 8, 58, 60])])
def test_fused_batch_normalization_is_for_channels_in_fours_on_a_cpu(monkeypatch, gpus, channels):
    import tensorflow as tf

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: list(gpus))
    found = [c for c in (3, 6, 8, 58, 60) if ops.has_fused_batch_normalization("float32", 1e-3, c)]
    assert set(channels) <= set(found)
    assert (58 in found) == bool(gpus)
