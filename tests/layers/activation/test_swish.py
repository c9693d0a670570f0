"""Swish: the formula, its limits, what beta is shared over, and numbers of the book."""

import keras
import numpy as np
import pytest

from kerasbook.layers import Swish


def numpy_of(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("learn_beta", [True, False])
@pytest.mark.parametrize("beta", [1.0, 1, 0.3, -2.0, 0])
def test_definition(rng, beta, learn_beta):
    x = rng.normal(size=(2, 3, 5)).astype("float32")
    expected = x / (1 + np.exp(-beta * x))
    layer = Swish(beta, learn_beta=learn_beta)
    np.testing.assert_allclose(numpy_of(layer(x)), expected, rtol=1e-5, atol=1e-6)
    assert len(layer.trainable_weights) == learn_beta


@pytest.mark.parametrize(("axis", "shape"), [(-1, (1, 1, 5)), (1, (1, 3, 1)), (None, (1, 1, 1))])
def test_beta_of_every_index_along_the_axis(rng, axis, shape):
    x = rng.normal(size=(2, 3, 5)).astype("float32")
    layer = Swish(axis=axis)
    layer.build(x.shape)
    beta = rng.normal(size=shape)
    assert layer.weights[0].shape == shape
    layer.set_weights([beta])
    np.testing.assert_allclose(numpy_of(layer(x)), x / (1 + np.exp(-beta * x)), atol=1e-6)


def test_limits_and_the_range_of_the_book():
    x = np.linspace(-20, 20, 400_001, dtype="float32").reshape(1, -1)
    y = numpy_of(Swish()(x))
    assert y.min() == pytest.approx(-0.278, abs=5e-4)
    np.testing.assert_allclose(numpy_of(Swish(0)(x)), x / 2, rtol=1e-6)
    np.testing.assert_allclose(numpy_of(Swish(1e4)(x)), np.maximum(x, 0), atol=1e-4)
    np.testing.assert_allclose(y, numpy_of(keras.activations.silu(x)), rtol=1e-5, atol=1e-6)


def test_great_numbers_stay_finite():
    x = np.array([[-1e30, -200, 200, 1e30]], "float32")
    np.testing.assert_allclose(numpy_of(Swish()(x)), [[0, 0, 200, 1e30]], rtol=1e-6)


@pytest.mark.parametrize("beta", [None, "1", float("nan"), float("inf"), True])
def test_bad_beta_is_named(beta):
    with pytest.raises(ValueError, match="`beta` must be a finite number"):
        Swish(beta)


def test_bad_axis_is_named():
    with pytest.raises(ValueError, match="`axis` must be an integer or None.*1.5"):
        Swish(axis=1.5)
    with pytest.raises(ValueError, match="`axis` must be an axis of the inputs, not the batch's"):
        Swish(axis=0).build((2, 3))
    with pytest.raises(ValueError, match="static size"):
        Swish(axis=-1).build((2, None))


def test_the_rank_stays_that_of_the_first_call():
    layer = Swish()
    layer(np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match="expected ndim=2"):
        layer(np.ones((2, 3, 4, 5), "float32"))


def test_learn_beta_is_true_or_false():
    with pytest.raises(ValueError, match="`learn_beta` must be True or False"):
        Swish(learn_beta=None)
