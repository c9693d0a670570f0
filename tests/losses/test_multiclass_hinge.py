"""MulticlassHinge: the worked example, a plain loop, and the terms of a whole dataset."""

import keras
import numpy as np
import pytest

from kerasbook.losses import MulticlassHinge


def test_the_worked_example():
    scores = np.array([[13.0, -7.0, 11.0]])
    assert float(MulticlassHinge(10)(np.array([0]), scores)) == 8  # 0 + 8
    assert float(MulticlassHinge(10, squared=True)(np.array([0]), scores)) == 64


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("one_hot", [False, True])
def test_is_the_definition(rng, squared, one_hot):
    scores = rng.normal(size=(7, 4)).astype("float32")
    labels = rng.integers(0, 4, 7)
    loss = MulticlassHinge(0.7, squared=squared, reduction=None)
    found = loss(np.eye(4)[labels] if one_hot else labels, scores)
    expected = []
    for row, label in zip(scores.astype("float64"), labels, strict=True):
        terms = [max(0, row[j] - row[label] + 0.7) for j in range(4) if j != label]
        expected.append(sum(term**2 if squared else term for term in terms))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, rtol=1e-5)


def test_a_dataset_of_cifar10_has_450_000_terms():
    # Equal scores leave each of them at the margin, 1: nine for every one of 50,000 images.
    loss = MulticlassHinge(reduction="sum")
    assert float(loss(np.arange(50_000) % 10, np.zeros((50_000, 10)))) == 450_000


def test_is_not_the_categorical_hinge_of_keras(rng):
    scores, rows = rng.normal(size=(5, 4)).astype("float32"), np.eye(4)[[0, 1, 2, 3, 0]]
    ours = float(MulticlassHinge()(rows, scores))
    assert ours > float(keras.losses.CategoricalHinge()(rows, scores)) + 0.1


@pytest.mark.tensorflow
def test_gradient_counts_the_violated_margins(rng):
    import tensorflow as tf

    scores = tf.Variable([[13.0, -7.0, 11.0, 4.0]])
    with tf.GradientTape() as tape:
        loss = MulticlassHinge(10)(np.array([0]), scores)
    np.testing.assert_array_equal(tape.gradient(loss, scores), [[-2, 0, 1, 1]])


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`margin` must be above 0. Received: margin=0"):
        MulticlassHinge(0)
    with pytest.raises(ValueError, match="`squared` must be True or False"):
        MulticlassHinge(squared=None)
