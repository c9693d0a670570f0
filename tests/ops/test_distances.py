"""Squared distances: the definition, close points far from the origin, and the gradient."""

import keras
import numpy as np
import pytest

from kerasbook.ops import squared_distances


@pytest.mark.parametrize("shape", [(5, 3), (2, 4, 3)])
def test_is_the_definition(rng, shape):
    x, c = rng.normal(size=shape), rng.normal(size=(6, 3))
    found = squared_distances(x.astype("float32"), c.astype("float32"))
    expected = np.square(x[..., None, :] - c).sum(-1)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, rtol=1e-5)


@pytest.mark.parametrize("offset", [1e3, 1e5])
def test_holds_far_from_the_origin_and_far_apart(rng, offset):
    x = (offset + rng.normal(size=(40, 5))).astype("float32")
    # Two groups of centers, of which one is as far as the origin.
    c = np.concatenate([x[:4] + rng.normal(size=(4, 5)), rng.normal(size=(3, 5))])
    c = c.astype("float32")
    found = keras.ops.convert_to_numpy(squared_distances(x, c))
    exact = np.square(x[:, None].astype("float64") - c.astype("float64")).sum(-1)
    np.testing.assert_allclose(found, exact, rtol=1e-5)
    # The product of matrices in float32 would not do.
    naive = (x**2).sum(-1)[:, None] - 2 * x @ c.T + (c**2).sum(-1)
    assert np.abs(naive - exact)[:, :4].max() > 1e-2


def test_of_a_point_and_itself_is_zero(rng):
    x = (1e4 + rng.normal(size=(6, 7))).astype("float32")
    found = np.diag(keras.ops.convert_to_numpy(squared_distances(x, x)))
    np.testing.assert_allclose(found, 0, atol=1e-12)
    assert np.all(found >= 0)


@pytest.mark.tensorflow
def test_gradient_is_twice_the_difference(rng):
    import tensorflow as tf

    x = tf.Variable(1e4 + rng.normal(size=(3, 2)), dtype="float32")
    c = tf.Variable(1e4 + rng.normal(size=(4, 2)), dtype="float32")
    weights = rng.normal(size=(3, 4)).astype("float32")
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(weights * squared_distances(x, c))
    of_x, of_c = tape.gradient(value, [x, c])
    differences = 2 * weights[..., None] * (x.numpy()[:, None] - c.numpy())
    np.testing.assert_allclose(of_x, differences.sum(1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(of_c, -differences.sum(0), rtol=1e-4, atol=1e-5)
