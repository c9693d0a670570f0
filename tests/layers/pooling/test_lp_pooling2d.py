"""LpPooling2D: the norm in NumPy for several p, zeros, great numbers, and the gradient."""

import keras
import numpy as np
import pytest
from helpers.definitions import pooling_windows

from kerasbook.layers import LpPooling2D

GEOMETRIES = [
    ((2, 2), (2, 2), "valid"),
    ((3, 2), (1, 2), "valid"),
    ((3, 2), (2, 3), "same"),
]


def norm(x, p, geometry):
    taken = pooling_windows(x.astype("float64"), *geometry, fill=0)
    return (np.abs(taken) ** p).sum(-1) ** (1 / p)


@pytest.mark.parametrize("p", [1, 2, 2.0, 1.5, 3, 8])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_definition(rng, p, geometry):
    x = rng.normal(size=(2, 5, 8, 3)).astype("float32")
    pool_size, strides, padding = geometry
    layer = LpPooling2D(pool_size, norm_type=p, strides=strides, padding=padding)
    y = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, norm(x, p, geometry), rtol=1e-5)
    first = LpPooling2D(
        pool_size, norm_type=p, strides=strides, padding=padding, data_format="channels_first"
    )
    z = keras.ops.convert_to_numpy(first(x.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(z.transpose(0, 2, 3, 1), y, rtol=1e-6)


def test_large_p_nears_the_greatest_magnitude(rng):
    x = rng.uniform(-1, 1, (1, 4, 4, 2)).astype("float32")
    y = keras.ops.convert_to_numpy(LpPooling2D(2, norm_type=60)(x))
    greatest = np.abs(pooling_windows(x, (2, 2), (2, 2), "valid", fill=0)).max(-1)
    np.testing.assert_allclose(y, greatest, rtol=0.03)


def test_half_precision_adds_powers_that_it_cannot_hold():
    x = np.full((1, 2, 2, 1), 1000, "float16")
    y = LpPooling2D(2, dtype="float16")(x)
    assert float(keras.ops.convert_to_numpy(y)[0, 0, 0, 0]) == 2000


@pytest.mark.tensorflow
@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_gradient_of_a_window_of_zeros_is_zero_and_of_others_the_slope(rng, p):
    import tensorflow as tf

    x = rng.normal(size=(1, 4, 6, 2))
    x[:, :2, :2] = 0
    x[0, 2, 2, 0] = 0  # one zero in a window of others
    x = tf.constant(x)
    layer = LpPooling2D(2, norm_type=p, dtype="float64")
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    gradient = tape.gradient(y, x).numpy()
    assert np.all(gradient[:, :2, :2] == 0)
    norms = np.repeat(np.repeat(y.numpy(), 2, 1), 2, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.sign(x) * np.abs(x) ** (p - 1) / norms ** (p - 1)
    np.testing.assert_allclose(gradient, np.where(norms > 0, expected, 0), rtol=1e-9)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_gradient_at_zero_is_finite_on_every_backend(p):
    if keras.backend.backend() != "jax":
        pytest.skip("TensorFlow's has its own test")
    import jax

    layer = LpPooling2D(2, norm_type=p)
    x = np.zeros((1, 4, 2, 1), "float32")
    x[0, 0, 0, 0] = 3
    gradient = np.asarray(jax.grad(lambda x: layer(x).sum())(x))
    expected = np.zeros_like(x)
    expected[0, 0, 0, 0] = 1
    np.testing.assert_allclose(gradient, expected, atol=1e-6)


@pytest.mark.parametrize("p", [0, 0.5, float("inf"), float("nan"), None, True])
def test_bad_norm_type_is_named(p):
    with pytest.raises(ValueError, match="`norm_type` must be a finite number of at least 1"):
        LpPooling2D(2, norm_type=p)
