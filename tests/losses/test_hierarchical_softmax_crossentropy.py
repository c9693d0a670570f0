"""HierarchicalSoftmaxCrossentropy: -log of the layer's probability, plain walks, bad labels."""

import keras
import numpy as np
import pytest

from kerasbook.layers import HierarchicalSoftmax
from kerasbook.losses import HierarchicalSoftmaxCrossentropy
from kerasbook.ops import huffman_tree

TREES = {"balanced": 6, "own": [[3, 0], [[1, [5, 4]], 2]], "huffman": huffman_tree(range(1, 7))}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_is_a_walk_written_by_hand(rng):
    z = rng.normal(size=(1, 5))
    loss = HierarchicalSoftmaxCrossentropy(TREES["own"])
    for label, turns in (
        (3, [sigmoid(z[0, 0]), sigmoid(z[0, 1])]),
        (2, [sigmoid(-z[0, 0]), sigmoid(-z[0, 2])]),
        (5, [sigmoid(-z[0, 0]), sigmoid(z[0, 2]), sigmoid(-z[0, 3]), sigmoid(z[0, 4])]),
    ):
        found = float(loss(np.array([label]), z))
        np.testing.assert_allclose(found, -np.log(turns).sum(), rtol=1e-5)


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_is_minus_the_log_of_the_layers_probability(rng, tree):
    scores = rng.normal(0, 2, (6, 5)).astype("float32")
    labels = rng.permutation(6)
    losses = HierarchicalSoftmaxCrossentropy(tree, reduction=None)(labels[:, None], scores)
    layer = HierarchicalSoftmax(tree)
    probabilities = keras.ops.convert_to_numpy(layer(scores))
    expected = -np.log(probabilities[np.arange(6), labels])
    np.testing.assert_allclose(keras.ops.convert_to_numpy(losses), expected, rtol=1e-5)
    logs = keras.ops.convert_to_numpy(layer.log_probabilities(scores))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(losses), -logs[np.arange(6), labels], rtol=1e-6
    )


@pytest.mark.tensorflow
def test_only_nodes_on_the_way_have_a_gradient(rng):
    import tensorflow as tf

    scores = tf.Variable(rng.normal(size=(1, 5)))
    with tf.GradientTape() as tape:
        loss = HierarchicalSoftmaxCrossentropy(TREES["own"], dtype="float64")
        value = loss(np.array([0]), tf.identity(scores))
    z = scores.numpy()[0]
    expected = [[sigmoid(z[0]) - 1, sigmoid(z[1]), 0, 0, 0]]
    np.testing.assert_allclose(tape.gradient(value, scores), expected, rtol=1e-9)


def test_scores_far_out_are_finite():
    loss = HierarchicalSoftmaxCrossentropy(4)
    assert float(loss(np.array([0]), np.array([[-1e4, 1e4, 1e4]]))) == 1e4


@pytest.mark.tensorflow
def test_a_label_beyond_the_classes_is_nan_in_a_graph():
    import tensorflow as tf

    loss = HierarchicalSoftmaxCrossentropy(3, reduction=None)
    found = tf.function(loss)(tf.constant([0, 3, -1]), tf.zeros((3, 2))).numpy()
    np.testing.assert_array_equal(np.isnan(found), [False, True, True])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="The 3 leaves of `tree`"):
        HierarchicalSoftmaxCrossentropy([[0, 1], 1])
    loss = HierarchicalSoftmaxCrossentropy(3)
    with pytest.raises(ValueError, match="integers from 0 to 2. Received: 1 of 2"):
        loss(np.array([2, 3]), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="2 inner nodes"):
        loss(np.array([2, 1]), np.zeros((2, 3)))
    with pytest.raises(ValueError, match="one label for each row"):
        loss(np.array([2, 1, 0]), np.zeros((2, 2)))
