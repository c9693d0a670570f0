"""Limited gradients: the value stays, and the length is a row's own."""

import keras
import numpy as np
import pytest

from kerasbook.ops import with_limited_gradient


def gradient_of(function, x):
    """Returns the gradient of a scalar function at an array, on any backend."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        return tape.gradient(value, x).numpy()
    if backend == "jax":
        import jax

        return np.asarray(jax.grad(function)(x))
    tensor = keras.ops.convert_to_tensor(x)
    tensor.requires_grad_()
    function(tensor).backward()
    return tensor.grad.numpy()


def cubes(x):
    return keras.ops.sum(x**3, axis=-1)


X = np.array([[0.1, -0.2], [3.0, 4.0], [0.0, 0.0], [-5e10, 1e10]], "float32")


@pytest.mark.parametrize("limit", [1e-2, 10.0, 1e25])
@pytest.mark.parametrize("share", [1.0, -0.25, 2.0**15])
def test_each_row_is_shortened_to_the_limit(limit, share):
    slopes = 3 * X.astype("float64") ** 2
    lengths = np.linalg.norm(slopes, axis=-1, keepdims=True)
    expected = share * slopes * np.minimum(1, limit / np.maximum(lengths, 1e-30))
    actual = gradient_of(lambda x: share * keras.ops.sum(with_limited_gradient(cubes, x, limit)), X)
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_the_value_stays():
    value = keras.ops.convert_to_numpy(with_limited_gradient(cubes, X, 1e-3))
    plain = keras.ops.convert_to_numpy(cubes(keras.ops.convert_to_tensor(X)))
    np.testing.assert_array_equal(value, plain)


def test_a_row_without_weight_has_no_gradient():
    weights = np.array([1, 0, 1, 0], "float32")
    actual = gradient_of(
        lambda x: keras.ops.sum(weights * with_limited_gradient(cubes, x, 10.0)), X
    )
    np.testing.assert_array_equal(actual[[1, 3]], 0)
    np.testing.assert_allclose(actual[0], 3 * X[0] ** 2, rtol=1e-5)


def test_no_limit():
    actual = gradient_of(lambda x: keras.ops.sum(with_limited_gradient(cubes, x, None)), X)
    np.testing.assert_allclose(actual, 3 * X**2, rtol=1e-5)
