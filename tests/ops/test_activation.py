"""Kernels of activations: the gradients that are written out are those of the plain formula."""

import numpy as np
import pytest

from kerasbook.ops import heaviside, swish


@pytest.mark.tensorflow
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 4), (1, 3, 1), (1, 3, 4)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_gradient_of_swish(rng, shape, dtype):
    import tensorflow as tf

    x, upstream = (tf.constant(rng.normal(size=(2, 3, 4)), dtype) for _ in range(2))
    beta = tf.constant(rng.normal(size=shape), dtype)
    gradients = []
    for function in (swish, lambda x, beta: x * tf.sigmoid(beta * x)):
        with tf.GradientTape() as tape:
            tape.watch([x, beta])
            y = function(x, beta)
        gradients.append(tape.gradient(y, [x, beta], output_gradients=upstream))
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    for ours, plain in zip(*gradients, strict=True):
        np.testing.assert_allclose(ours, plain, rtol=tolerance, atol=tolerance)


@pytest.mark.tensorflow
@pytest.mark.parametrize("beta", [1.0, 0.7])
def test_gradient_of_swish_with_a_constant(rng, beta):
    import tensorflow as tf

    x = tf.constant(rng.normal(size=(2, 3)))
    slopes = []
    for function in (lambda x: swish(x, beta), lambda x: x * tf.sigmoid(beta * x)):
        with tf.GradientTape() as second, tf.GradientTape() as tape:
            second.watch(x)
            tape.watch(x)
            y = function(x)
            slope = tape.gradient(y, x)
        slopes.append([slope, second.gradient(slope, x)])
    for ours, plain in zip(*slopes, strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-10)


@pytest.mark.tensorflow
def test_beta_of_float32_collects_what_half_precision_cannot():
    import tensorflow as tf

    x = tf.ones((4096, 4), "float16")
    beta = tf.ones((1, 1), "float32")
    with tf.GradientTape() as tape:
        tape.watch(beta)
        y = swish(x, beta)
    assert y.dtype == "float16"
    gradient = tape.gradient(y, beta)
    assert gradient.dtype == "float32"
    np.testing.assert_allclose(gradient, 4096 * 4 * 0.19661, rtol=1e-2)


def test_heaviside_keeps_the_dtype():
    x = np.array([-1, 0, 2], "float16")
    assert "float16" in str(heaviside(x, 0.5).dtype)
