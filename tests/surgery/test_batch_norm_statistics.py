"""Statistics of every kind of batch normalization: what is set is what the layer divides by."""

import inspect

import keras
import numpy as np
import pytest

from kerasbook import layers
from kerasbook.surgery.batch_norm_statistics import get_statistics, set_statistics

KERAS_HAS_RENORM = "renorm" in inspect.signature(keras.layers.BatchNormalization).parameters
KINDS = [
    layers.BatchNormalization,
    keras.layers.BatchNormalization,
    layers.BatchRenormalization,
    pytest.param(
        lambda **k: keras.layers.BatchNormalization(renorm=True, **k),
        marks=pytest.mark.skipif(not KERAS_HAS_RENORM, reason="this Keras has no `renorm`"),
    ),
]


@pytest.mark.parametrize("make", KINDS)
def test_set_and_get(make, rng):
    norm = make(epsilon=0.1, momentum=1.0)
    norm.build((None, 4))
    mean, variance = rng.normal(size=4), rng.uniform(0.5, 2, 4)
    set_statistics(norm, mean, variance)
    for a, b in zip(get_statistics(norm), (mean, variance), strict=True):
        assert a.dtype == "float64"
        np.testing.assert_allclose(a, b, rtol=1e-6)
    x = rng.normal(size=(3, 4)).astype("float32")
    expected = (x - mean) / np.sqrt(variance + 0.1)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norm(x)), expected, rtol=1e-4)
    norm(x, training=True)  # of momentum 1: what it holds agrees with itself
    np.testing.assert_allclose(get_statistics(norm)[1], variance, rtol=1e-5)


@pytest.mark.parametrize("make", KINDS)
def test_a_variance_is_never_negative(make):
    norm = make()
    norm.build((None, 2))
    set_statistics(norm, np.zeros(2), np.array([-1e-9, 1]))
    np.testing.assert_allclose(get_statistics(norm)[1], [0, 1], atol=1e-7)
