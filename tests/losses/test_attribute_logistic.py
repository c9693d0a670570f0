"""AttributeLogistic: the definition, the sign of its gradient, and scores far out."""

import keras
import numpy as np
import pytest

from kerasbook.losses import AttributeLogistic


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("absent", [0, -1])
def test_is_the_definition(rng, absent):
    scores = rng.normal(0, 2, (6, 5))
    y = (rng.uniform(size=(6, 5)) < 0.5).astype("float64")
    found = AttributeLogistic(reduction=None)(np.where(y == 1, 1, absent), scores)
    likelihood = (y * np.log(sigmoid(scores)) + (1 - y) * np.log(1 - sigmoid(scores))).sum(-1)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), -likelihood, rtol=1e-5)
    assert np.all(keras.ops.convert_to_numpy(found) > 0)


def test_falls_as_the_score_of_a_present_attribute_rises():
    y, loss = np.array([[1, 0]]), AttributeLogistic()
    low, high = (float(loss(y, np.array([[score, 0.0]]))) for score in (-1.0, 1.0))
    assert high < low
    low, high = (float(loss(y, np.array([[0.0, score]]))) for score in (-1.0, 1.0))
    assert high > low


@pytest.mark.tensorflow
def test_gradient_is_sigmoid_minus_target(rng):
    import tensorflow as tf

    scores = tf.Variable(rng.normal(0, 2, (6, 5)))
    y = rng.uniform(size=(6, 5))  # probabilities too
    with tf.GradientTape() as tape:
        loss = AttributeLogistic(reduction="sum", dtype="float64")(y, scores)
    np.testing.assert_allclose(tape.gradient(loss, scores), sigmoid(scores.numpy()) - y, rtol=1e-9)


def test_scores_far_out_are_finite():
    loss = AttributeLogistic(reduction=None)
    found = loss(np.array([[1, 0], [0, 1]]), np.array([[-1e4, -1e4], [1e4, 1e4]]))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), [1e4, 1e4])


def test_is_the_sum_where_keras_takes_the_mean(rng):
    scores = rng.normal(size=(6, 5)).astype("float32")
    y = rng.uniform(size=(6, 5)) < 0.5
    theirs = keras.losses.BinaryCrossentropy(from_logits=True)(y, scores)
    np.testing.assert_allclose(float(AttributeLogistic()(y, scores)), 5 * float(theirs), rtol=1e-5)


def test_bad_targets_are_named():
    with pytest.raises(ValueError, match="or shares of 1. Received: 1 of 2"):
        AttributeLogistic()(np.array([[2.0, 0.3]]), np.zeros((1, 2)))
