"""Ensembles against the mean of their members."""

import keras
import numpy as np
import pytest

from kerasbook.evaluation import ensemble


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
