"""Probabilities of any classifier, logits or not."""

import keras
import numpy as np
import pytest

from kerasbook.evaluation.probabilities import with_probabilities


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_ends_in_probabilities(activation, rng):
    model = keras.Sequential(
        [keras.Input((2, 3, 1)), keras.layers.Flatten(), keras.layers.Dense(4, activation)]
    )
    images = rng.normal(size=(5, 2, 3, 1)).astype("float32")
    kernel, bias = model.layers[-1].get_weights()
    exponentials = np.exp(images.reshape(5, 6) @ kernel + bias)
    outputs = np.asarray(with_probabilities(model, "p")(images))
    np.testing.assert_allclose(outputs, exponentials / exponentials.sum(1, keepdims=True), 1e-5)


@pytest.mark.parametrize("model", [keras.layers.Dense(1), keras.Sequential([keras.Input((3,))])])
def test_refuses_what_is_no_classifier_of_images(model):
    with pytest.raises(ValueError, match="`model` must be a built functional"):
        with_probabilities(model, "p")
