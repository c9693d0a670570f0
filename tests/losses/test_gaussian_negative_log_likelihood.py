"""GaussianNegativeLogLikelihood: its definition, weights, far targets, NaN, saved models."""

import math

import keras
import numpy as np
import pytest
from helpers.density_steps import gradients_of

from kerasbook.layers import GaussianHead
from kerasbook.losses import GaussianNegativeLogLikelihood


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def prediction(rng, leading):
    """Returns targets, a packed prediction and the values by the definition."""
    target = rng.normal(size=(*leading, 2)).astype("float32")
    means = rng.normal(size=(*leading, 2)).astype("float32")
    scales = rng.uniform(0.3, 2, (*leading, 2)).astype("float32")
    z = (target - means) / scales
    values = np.sum(0.5 * z**2 + np.log(scales) + 0.5 * math.log(2 * math.pi), axis=-1)
    return target, np.concatenate([means, scales], axis=-1), values


@pytest.mark.parametrize("leading", [(5,), (3, 4)])
def test_values_are_the_definition(rng, leading):
    target, packed, values = prediction(rng, leading)
    loss = GaussianNegativeLogLikelihood(reduction=None)
    np.testing.assert_allclose(numpy(loss(target, packed)), values, rtol=1e-5)
    mean = GaussianNegativeLogLikelihood()(target, packed)
    np.testing.assert_allclose(numpy(mean), values.mean(), rtol=1e-5)


@pytest.mark.parametrize("leading", [(5,), (5, 3)])
def test_weights_are_of_samples(rng, leading):
    target, packed, values = prediction(rng, leading)
    weights = rng.uniform(size=5).astype("float32")
    weights[2] = 0
    each = np.broadcast_to(weights.reshape(5, *[1] * (len(leading) - 1)), leading)
    loss = GaussianNegativeLogLikelihood(reduction="mean_with_sample_weight")
    expected = np.average(values, weights=each)
    np.testing.assert_allclose(numpy(loss(target, packed, weights)), expected, rtol=1e-5)
    loss = GaussianNegativeLogLikelihood()
    actual = numpy(loss(target, packed, weights))
    np.testing.assert_allclose(actual, np.mean(each * values), rtol=1e-5)


def test_far_targets_have_finite_gradients():
    """In a layer of half precision below the head, too; see the test of mixtures."""
    for policy in ("float32", "mixed_bfloat16", "mixed_float16"):
        value, gradients = gradients_of(
            GaussianHead(2), GaussianNegativeLogLikelihood(), policy, distance=1e4
        )
        assert np.isfinite(value)
        assert all(np.all(np.isfinite(gradient)) for gradient in gradients)
        assert all(np.any(gradient != 0) for gradient in gradients)


def test_nan_targets_are_counted(rng):
    target, packed, _ = prediction(rng, (4,))
    target[1:3, 0] = np.nan
    with pytest.raises(ValueError, match="`y_true` must hold no NaN. Received: NaN count = 2"):
        GaussianNegativeLogLikelihood()(target, packed)


def test_a_compiled_model_reloads(rng, tmp_path):
    x = rng.normal(size=(6, 3)).astype("float32")
    y = rng.normal(size=(6, 2)).astype("float32")
    model = keras.Sequential([keras.Input((3,)), GaussianHead(2)])
    model.compile("sgd", GaussianNegativeLogLikelihood(gradient_limit=7.0))
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.loss.gradient_limit == 7
    np.testing.assert_allclose(
        loaded.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0), rtol=1e-6
    )


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`gradient_limit` must be None or above 0.*=0"):
        GaussianNegativeLogLikelihood(gradient_limit=0)
    loss = GaussianNegativeLogLikelihood()
    with pytest.raises(ValueError, match=r"`y_pred` must have 4 numbers.*\(3, 5\)"):
        loss(np.zeros((3, 2)), np.ones((3, 5)))
    with pytest.raises(ValueError, match=r"`y_true` must have 2 numbers.*\(3, 3\)"):
        loss(np.zeros((3, 3)), np.ones((3, 4)))
