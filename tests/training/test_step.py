"""The step: Keras' numbers on one replica, and the same on two."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbook.applications import MLP
from kerasbook.serving import Preprocessing
from kerasbook.testing import two_replicas
from kerasbook.training.data import LabelledImages
from kerasbook.training.pipeline import Pipeline
from kerasbook.training.step import Classifier, EvaluationStep, TrainingStep

PREPROCESSING = Preprocessing(8, 8, 1)


@pytest.fixture(scope="module")
def examples():
    return LabelledImages("digits").split("train[:45]")


def make_model(optimizer, **arguments):
    keras.utils.set_random_seed(0)
    model = MLP(units=(16,), input_shape=(8, 8, 1), activation="tanh", **arguments)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    return model


def trained(examples, strategy, make_optimizer, batch_size=16, smoothing=0.0, clip_norm=None):
    """Returns weights and totals after one epoch, whose last batch is smaller."""
    with strategy.scope():
        model = make_model(make_optimizer())
        classifier = Classifier(model, smoothing)
    pipeline = Pipeline(examples, PREPROCESSING, batch_size)
    step = TrainingStep(classifier, model.optimizer, strategy, clip_norm)
    iterator = iter(pipeline.epoch(strategy))
    for _ in range(pipeline.steps):
        step(iterator)
    return model, step.totals.numpy()


def test_one_replica_is_keras_fit(examples):
    model, totals = trained(
        examples, tf.distribute.get_strategy(), lambda: keras.optimizers.Adam(0.01)
    )
    theirs = make_model(keras.optimizers.Adam(0.01))
    images, labels = examples.arrays
    history = theirs.fit(images / 255, labels, batch_size=16, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert totals[0] / totals[2] == pytest.approx(history.history["loss"][0], rel=1e-4)
    assert totals[1] / totals[2] == pytest.approx(history.history["accuracy"][0])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"smoothing": 0.1},
        {"clip_norm": 0.05},
        {"batch_size": 15},
        {"batch_size": 45},
    ],
    ids=str,
)
@pytest.mark.parametrize("decay", [None, 0.1])
def test_two_replicas_are_one(options, decay, examples):
    def optimizer():
        return keras.optimizers.SGD(0.5, momentum=0.9, weight_decay=decay)

    one, totals = trained(examples, tf.distribute.get_strategy(), optimizer, **options)
    two, both = trained(examples, two_replicas(), optimizer, **options)
    np.testing.assert_allclose(both, totals, rtol=1e-5)
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)


def test_clipping_bounds_the_step(examples):
    strategy = tf.distribute.get_strategy()
    model, _ = trained(
        examples, strategy, lambda: keras.optimizers.SGD(1.0), batch_size=45, clip_norm=0.01
    )
    start = make_model("sgd").get_weights()
    moved = [a - b for a, b in zip(model.get_weights(), start, strict=True)]
    assert np.sqrt(sum((m**2).sum() for m in moved)) == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("make_strategy", [tf.distribute.get_strategy, two_replicas])
def test_float16_with_loss_scaling_learns(make_strategy, examples):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        _, totals = trained(
            examples,
            make_strategy(),
            lambda: keras.optimizers.LossScaleOptimizer(
                keras.optimizers.Adam(0.02), initial_scale=2.0**12
            ),
            clip_norm=1.0,
        )
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.all(np.isfinite(totals))
    assert totals[0] / totals[2] < 2.4


def test_scaled_gradients_are_clipped_to_the_same_length(examples):
    def optimizer():
        return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1.0), initial_scale=2.0**12)

    start = make_model("sgd").get_weights()
    for make_strategy in (tf.distribute.get_strategy, two_replicas):
        model, _ = trained(examples, make_strategy(), optimizer, batch_size=45, clip_norm=0.01)
        moved = [a - b for a, b in zip(model.get_weights(), start, strict=True)]
        assert np.sqrt(sum((m**2).sum() for m in moved)) == pytest.approx(0.01, rel=1e-3)


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class Idle(keras.layers.Dense):
    """A dense layer with one more weight, which nothing uses."""

    def build(self, input_shape):
        super().build(input_shape)
        self.idle = self.add_weight(name="idle", shape=(2,), initializer="ones")


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
@pytest.mark.parametrize("clip_norm", [None, 1.0])
def test_weights_that_nothing_uses_stay(clip_norm, examples):
    image = keras.Input((8, 8, 1))
    model = keras.Model(image, Idle(10)(keras.layers.Flatten()(image)))
    model.compile("sgd")
    model.optimizer.build(model.trainable_variables)
    strategy = tf.distribute.get_strategy()
    step = TrainingStep(Classifier(model), model.optimizer, strategy, clip_norm)
    before = model.layers[-1].kernel.numpy()
    step(iter(Pipeline(examples, PREPROCESSING, 45).epoch(strategy)))
    assert model.layers[-1].idle.numpy().tolist() == [1, 1]
    assert np.any(model.layers[-1].kernel.numpy() != before)


def test_loss_includes_penalties_once_whatever_the_replicas(examples):
    losses = []
    for strategy in (tf.distribute.get_strategy(), two_replicas()):
        with strategy.scope():
            image = keras.Input((8, 8, 1))
            dense = keras.layers.Dense(10, kernel_regularizer="l2", kernel_initializer="ones")
            model = keras.Model(image, keras.layers.Softmax()(dense(keras.layers.Flatten()(image))))
            model.compile("sgd")
            model.optimizer.build(model.trainable_variables)
        step = TrainingStep(Classifier(model), model.optimizer, strategy)
        step(iter(Pipeline(examples, PREPROCESSING, 45).epoch(strategy)))
        losses.append(step.results()["loss"])
    assert losses[0] == pytest.approx(np.log(10) + 0.01 * 640, rel=1e-4)
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)


@pytest.mark.parametrize("make_strategy", [tf.distribute.get_strategy, two_replicas])
def test_evaluation_is_exact(make_strategy, examples):
    strategy = make_strategy()
    with strategy.scope():
        model = make_model("sgd")
        evaluate = EvaluationStep(Classifier(model), strategy)
    results = evaluate(Pipeline(examples, PREPROCESSING, 16))
    images, labels = examples.arrays
    loss, accuracy = model.evaluate(images / 255, labels, verbose=0)
    assert results["loss"] == pytest.approx(loss, rel=1e-5)
    assert results["accuracy"] == pytest.approx(accuracy)


def test_a_non_finite_loss_is_noted_with_its_first_step(examples):
    model = make_model(keras.optimizers.SGD(1e38))
    step = TrainingStep(Classifier(model), model.optimizer, tf.distribute.get_strategy())
    iterator = iter(Pipeline(examples, PREPROCESSING, 9).epoch(tf.distribute.get_strategy()))
    noted = []
    for _ in range(5):
        step(iterator)
        noted.append(int(step.bad_step.numpy()))
    first = next(n for n in noted if n)
    assert noted == [0] * (first - 1) + [first] * (6 - first)


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
