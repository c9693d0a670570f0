"""Tasks: where logits are found, and what labels may be."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbook.applications import MLP
from kerasbook.training.engine.task import Classifier


def test_logits_are_found_behind_a_softmax_layer_only(rng):
    x = rng.normal(size=(3, 8, 8, 1)).astype("float32")
    image = keras.Input((8, 8, 1))
    flat = keras.layers.Flatten()(image)
    plain = keras.Model(image, keras.layers.Dense(5, activation="softmax")(flat))
    layered = keras.Model(image, keras.layers.Activation("softmax")(keras.layers.Dense(5)(flat)))
    layered.set_weights(plain.get_weights())
    labels = np.array([0, 3, 4])
    losses = []
    for model, logits in ((plain, False), (layered, True)):
        classifier = Classifier(model)
        assert classifier.gives_logits is logits
        losses.append(classifier.losses(classifier(x, training=False), labels).numpy())
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    smooth = classifier.losses(classifier(x, training=False), labels, 0.2).numpy()
    theirs = keras.losses.CategoricalCrossentropy(label_smoothing=0.2, reduction="none")
    np.testing.assert_allclose(smooth, theirs(np.eye(5)[labels], layered(x)), rtol=1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_shares_of_classes_are_labels_too(smoothing, rng):
    model = MLP(units=(16,), input_shape=(8, 8, 1))
    classifier = Classifier(model)
    logits = rng.normal(size=(5, 10)).astype("float32")
    shares = rng.dirichlet(np.ones(10), 5).astype("float32")
    theirs = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=smoothing, reduction="none"
    )
    losses = classifier.losses(logits, tf.constant(shares), smoothing)
    np.testing.assert_allclose(losses, theirs(shares, logits), rtol=1e-5)
    labels = np.array([1, 0, 7, 7, 2])
    one_hot = tf.constant(np.eye(10, dtype="float32")[labels])
    np.testing.assert_allclose(
        classifier.losses(logits, one_hot, smoothing),
        classifier.losses(logits, tf.constant(labels), smoothing),
        rtol=1e-5,
    )


def test_an_answer_is_right_where_the_greatest_share_is():
    logits = np.array([[0, 3, 1], [0, 3, 1], [2, 0, 1]], "float32")
    shares = tf.constant([[0.4, 0.6, 0.0], [0.6, 0.4, 0.0], [0.5, 0.2, 0.3]])
    assert Classifier.right(logits, shares).numpy().tolist() == [1, 0, 1]
    assert Classifier.right(logits, tf.constant([1, 0, 1], tf.int64)).numpy().tolist() == [1, 0, 0]
