"""Ensembles against the mean, or the mixture, of their members."""

import keras
import numpy as np
import pytest

from kerasbook.evaluation import ensemble, gaussian_ensemble, mix_gaussians


def classifier(units, activation, side=4):
    return keras.Sequential(
        [
            keras.Input((side, 4, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(units, "tanh"),
            keras.layers.Dense(3, activation),
        ],
        name="same_name",
    )


def test_is_the_mean_of_the_probabilities(rng, tmp_path):
    models = [classifier(5, "softmax"), classifier(7, None), classifier(5, "softmax")]
    images = rng.normal(size=(6, 4, 4, 1)).astype("float32")
    first, second, third = (np.asarray(model(images)) for model in models)
    second = np.exp(second) / np.exp(second).sum(1, keepdims=True)
    together = ensemble(models)
    mean = (first + second + third) / 3
    np.testing.assert_allclose(np.asarray(together(images)), mean, rtol=1e-5)
    together.save(tmp_path / "ensemble.keras")
    again = keras.saving.load_model(tmp_path / "ensemble.keras")
    np.testing.assert_allclose(np.asarray(again(images)), mean, rtol=1e-5)


def test_bad_input():
    with pytest.raises(ValueError, match="`models` must be one or more .* Received: 0 models"):
        ensemble([])
    with pytest.raises(ValueError, match="`models` must be one or more with equal shapes"):
        ensemble([classifier(5, None), classifier(5, None, side=5)])


def test_classifiers_of_vectors(rng):
    models = [
        keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, activation="softmax")])
        for _ in range(2)
    ]
    x = rng.normal(size=(4, 5)).astype("float32")
    mean = np.mean([np.asarray(model(x)) for model in models], 0)
    np.testing.assert_allclose(np.asarray(ensemble(models)(x)), mean, rtol=1e-5)


def regressor(dtype=None, units=4):
    """Gives two means and two standard deviations."""
    inputs = keras.Input((3,))
    means = keras.layers.Dense(units // 2, dtype=dtype)(inputs)
    scales = keras.layers.Dense(units // 2, "softplus", dtype=dtype)(inputs)
    return keras.Model(inputs, keras.layers.Concatenate(dtype=dtype)([means, scales]))


def test_moments_of_a_mixture_of_gaussians(rng, tmp_path):
    models = [regressor(), regressor(), regressor("mixed_bfloat16")]
    x = rng.normal(size=(2, 3)).astype("float32")
    outputs = np.stack([np.asarray(model(x)).astype("float32") for model in models])
    means, scales = outputs[..., :2], outputs[..., 2:]
    together = gaussian_ensemble(models)
    found = np.asarray(together(x))
    assert found.dtype == "float32"
    # Draws of the mixture: a member, then its normal distribution.
    members = rng.integers(0, 3, 200_000)
    draws = rng.normal(means[members], scales[members])
    np.testing.assert_allclose(found[:, :2], draws.mean(0), atol=0.03)
    np.testing.assert_allclose(found[:, 2:], draws.std(0), rtol=0.02)
    # And by E[y^2] - E[y]^2.
    second = (scales.astype("float64") ** 2 + means.astype("float64") ** 2).mean(0)
    np.testing.assert_allclose(found[:, :2], means.mean(0), rtol=1e-5)
    np.testing.assert_allclose(found[:, 2:], np.sqrt(second - means.mean(0) ** 2), rtol=1e-4)
    together.save(tmp_path / "ensemble.keras")
    again = keras.saving.load_model(tmp_path / "ensemble.keras")
    np.testing.assert_allclose(np.asarray(again(x)), found, rtol=1e-5)
    alone = np.asarray(gaussian_ensemble(models[:1])(x))
    np.testing.assert_allclose(alone, outputs[0], rtol=1e-6)


def test_the_mixture_holds_far_from_zero():
    outputs = np.array([[1e5, 0.1], [1e5, 0.1]], "float32")  # squares would lose the deviation
    np.testing.assert_allclose(np.asarray(mix_gaussians(outputs)), [1e5, 0.1], rtol=1e-6)


def test_bad_gaussians():
    with pytest.raises(ValueError, match="`models` must be one or more .* Received: 0 models"):
        gaussian_ensemble([])
    with pytest.raises(ValueError, match="`models` must be one or more with equal shapes"):
        gaussian_ensemble([regressor(), regressor(units=6)])
    with pytest.raises(ValueError, match="`outputs` must hold means and then as many standard"):
        gaussian_ensemble([classifier(5, None)])
    with pytest.raises(ValueError, match="`model` must be a built functional"):
        gaussian_ensemble([keras.Sequential([keras.layers.Dense(2)])])
