"""Probabilities of any classifier, logits or not."""

import keras
import numpy as np
import pytest

from kerasbook.evaluation.probabilities import with_logits, with_probabilities


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


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_logits_of_either_kind_have_the_same_softmax(activation, rng):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation)])
    x = rng.normal(size=(5, 3)).astype("float32")
    kernel, bias = model.layers[-1].get_weights()
    logits, found = x @ kernel + bias, np.asarray(with_logits(model, "l")(x))
    differences = found - logits
    np.testing.assert_allclose(differences, differences[:, :1] * np.ones(4), atol=1e-5)
    assert (activation is None) == bool(np.allclose(differences, 0, atol=1e-6))


def test_images_are_asked_for_where_they_are_needed():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    assert with_probabilities(model, "p", images=False).output_shape == (None, 4)
    with pytest.raises(ValueError, match=r"from one input \(batch, height, width, channels\)"):
        with_probabilities(model, "p")
