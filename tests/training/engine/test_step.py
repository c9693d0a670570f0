"""The step: Keras' numbers on one replica, and the same on two and three, whatever it does."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbook import augmentation, layers
from kerasbook.applications import MLP
from kerasbook.serving import Preprocessing
from kerasbook.testing import replicas, two_replicas
from kerasbook.training.engine.replicas import synchronize_batch_norm
from kerasbook.training.engine.settings import StepSettings
from kerasbook.training.engine.step import EvaluationStep, TrainingStep
from kerasbook.training.engine.task import Classifier
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.input.pipeline import Pipeline

PREPROCESSING = Preprocessing(8, 8, 1)
BATCH = 18  # divides by 2 and by 3; the last batch of 45 examples is of 9


@pytest.fixture(scope="module")
def examples():
    return LabelledImages("digits").split("train[:45]")


def make_model(optimizer, **arguments):
    keras.utils.set_random_seed(0)
    model = MLP(units=(16,), input_shape=(8, 8, 1), activation="tanh", **arguments)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    return model


def normalized():
    image = keras.Input((8, 8, 1))
    x = layers.BatchNormalization(momentum=0.5)(keras.layers.Flatten()(image))
    x = keras.layers.Dense(16, activation="tanh")(x)
    return keras.Model(image, keras.layers.Dense(10)(x))


@pytest.fixture
def double():
    """Lets models compute in float64, in which sums hardly depend on their order."""
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy("float32")


def trained(
    examples,
    strategy,
    make_optimizer,
    *,
    make=make_model,
    batch_size=BATCH,
    smoothing=0.0,
    policy=None,
    static=False,
    synchronized=False,
    **settings,
):
    """Returns the model and the step after one epoch."""
    settings = StepSettings(**settings)
    with strategy.scope():
        if make is make_model:
            model = make_model(make_optimizer())
        else:
            keras.utils.set_random_seed(0)
            model = make()
            model.compile(make_optimizer())
            model.optimizer.build(model.trainable_variables)
        if synchronized:
            synchronize_batch_norm(model)
        classifier = Classifier(model, smoothing)
    pipeline = Pipeline(
        examples,
        PREPROCESSING,
        batch_size,
        policy=policy,
        classes=10,
        static=static,
        accumulation_steps=settings.accumulation_steps,
    )
    step = TrainingStep(classifier, model.optimizer, strategy, settings)
    iterator = iter(pipeline.epoch(strategy))
    for number in range(0, pipeline.steps, settings.steps_per_execution):
        step(iterator, min(settings.steps_per_execution, pipeline.steps - number))
    return model, step


def sgd():
    return keras.optimizers.SGD(0.5, momentum=0.9, weight_decay=0.1)


def assert_same_weights(one, other, atol):
    for a, b in zip(one.trainable_weights, other.trainable_weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=atol, err_msg=a.path)


def test_one_replica_is_keras_fit(examples):
    model, step = trained(
        examples, tf.distribute.get_strategy(), lambda: keras.optimizers.Adam(0.01)
    )
    theirs = make_model(keras.optimizers.Adam(0.01))
    images, labels = examples.arrays
    history = theirs.fit(images / 255, labels, batch_size=BATCH, shuffle=False, verbose=0)
    assert_same_weights(model, theirs, 1e-5)
    loss, right, count = step.totals.numpy()
    assert loss / count == pytest.approx(history.history["loss"][0], rel=1e-4)
    assert right / count == pytest.approx(history.history["accuracy"][0])
    assert count == 45


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"smoothing": 0.1, "clip_norm": 0.05},
        {"batch_size": 16},  # parts of unequal length, and a last batch of 13
        {"batch_size": 44},  # a last batch of one example, less than there are replicas
        {"accumulation_steps": 2, "clip_norm": 0.05},
        {"batch_size": 16, "accumulation_steps": 3, "ema_momentum": 0.9},
        {"ema_momentum": 0.5, "ema_overwrite_every": 2, "steps_per_execution": 2},
        {"jit_compile": True, "batch_size": 45, "clip_each_norm": 0.02},
        {"static": True, "clip_value": 0.01},
        {"policy": augmentation.MixUp(alpha=0.4, seed=1)},
        {"make": normalized, "synchronized": True},
        {"make": normalized, "synchronized": True, "batch_size": 16},
    ],
    ids=lambda options: "-".join(options) or "plain",
)
def test_replicas_are_one(options, double, examples):
    one, expected = trained(examples, tf.distribute.get_strategy(), sgd, **options)
    for count in (2, 3):
        many, step = trained(examples, replicas(count), sgd, **options)
        assert_same_weights(one, many, 1e-6)
        np.testing.assert_allclose(step.totals, expected.totals, rtol=1e-6)
        if "ema_momentum" in options:
            for a, b in zip(expected.averages.numpy(), step.averages.numpy(), strict=True):
                np.testing.assert_allclose(a, b, atol=1e-6)
        if options.get("synchronized"):
            # Each replica has gathered the statistics of all.
            for a, b in zip(one.non_trainable_weights, many.non_trainable_weights, strict=True):
                np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-6)


def test_accumulation_is_the_step_of_the_whole_batch(double, examples):
    whole, _ = trained(examples, tf.distribute.get_strategy(), sgd, batch_size=16)
    for parts in (2, 3, 5):
        cut, step = trained(
            examples,
            tf.distribute.get_strategy(),
            sgd,
            batch_size=16,
            accumulation_steps=parts,
        )
        assert_same_weights(whole, cut, 1e-6)
        assert step.totals.numpy()[2] == 45


def test_batch_norm_of_replicas_is_that_of_as_many_parts(double, examples):
    """Without synchronisation each replica normalizes with the statistics of its own part."""
    parts, _ = trained(
        examples, tf.distribute.get_strategy(), sgd, make=normalized, accumulation_steps=3
    )
    alone, _ = trained(examples, replicas(3), sgd, make=normalized)
    assert_same_weights(parts, alone, 1e-6)
    together, _ = trained(examples, replicas(3), sgd, make=normalized, synchronized=True)
    with pytest.raises(AssertionError):
        assert_same_weights(alone, together, 1e-4)


def test_averages_are_those_of_the_formula(examples):
    strategy = tf.distribute.get_strategy()
    model = make_model(keras.optimizers.SGD(0.5))
    settings = StepSettings(ema_momentum=0.7)
    step = TrainingStep(Classifier(model), model.optimizer, strategy, settings)
    iterator = iter(Pipeline(examples, PREPROCESSING, 9).epoch(strategy))
    expected = None
    for _ in range(5):
        step(iterator)
        weights = [w.numpy() for w in model.trainable_weights]
        if expected is not None:
            weights = [0.7 * a + 0.3 * w for a, w in zip(expected, weights, strict=True)]
        expected = weights
    for a, b in zip(step.averages.numpy(), expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_clipping_bounds_the_step(examples):
    strategy = tf.distribute.get_strategy()
    start = make_model("sgd").get_weights()
    for settings, measure in (
        ({"clip_norm": 0.01}, lambda moved: np.sqrt(sum((m**2).sum() for m in moved))),
        ({"clip_each_norm": 0.01}, lambda moved: max(np.sqrt((m**2).sum()) for m in moved)),
        ({"clip_value": 0.01}, lambda moved: max(abs(m).max() for m in moved)),
    ):
        model, _ = trained(
            examples, strategy, lambda: keras.optimizers.SGD(1.0), batch_size=45, **settings
        )
        moved = [a - b for a, b in zip(model.get_weights(), start, strict=True)]
        assert measure(moved) == pytest.approx(0.01, rel=1e-3), settings


def scaled(optimizer):
    return keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=2.0**12)


def test_float16_with_loss_scaling_is_the_same_on_replicas(examples):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        models = [
            trained(
                examples,
                strategy,
                lambda: scaled(keras.optimizers.SGD(0.1)),
                clip_norm=1.0,
                accumulation_steps=2,
                ema_momentum=0.9,
            )[0]
            for strategy in (tf.distribute.get_strategy(), two_replicas(), replicas(3))
        ]
    finally:
        keras.config.set_dtype_policy("float32")
    start = make_model("sgd")
    moved = max(
        abs(a - b).max() for a, b in zip(models[0].get_weights(), start.get_weights(), strict=True)
    )
    assert moved > 0.02
    for model in models[1:]:
        assert_same_weights(models[0], model, 0.02 * moved)


def test_scaled_gradients_are_clipped_to_the_same_length(examples):
    start = make_model("sgd").get_weights()
    for strategy in (tf.distribute.get_strategy(), two_replicas()):
        model, _ = trained(
            examples,
            strategy,
            lambda: scaled(keras.optimizers.SGD(1.0)),
            batch_size=45,
            clip_norm=0.01,
        )
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
    settings = StepSettings(clip_norm=clip_norm)
    step = TrainingStep(Classifier(model), model.optimizer, strategy, settings)
    before = model.layers[-1].kernel.numpy()
    step(iter(Pipeline(examples, PREPROCESSING, 45).epoch(strategy)))
    assert model.layers[-1].idle.numpy().tolist() == [1, 1]
    assert np.any(model.layers[-1].kernel.numpy() != before)


def penalized():
    image = keras.Input((8, 8, 1))
    dense = keras.layers.Dense(10, kernel_regularizer="l2", kernel_initializer="ones")
    return keras.Model(image, keras.layers.Softmax()(dense(keras.layers.Flatten()(image))))


def test_loss_includes_penalties_once_whatever_the_parts(examples):
    for strategy, parts in (
        (tf.distribute.get_strategy(), 1),
        (tf.distribute.get_strategy(), 3),
        (two_replicas(), 2),
    ):
        _, step = trained(
            examples, strategy, sgd, make=penalized, batch_size=45, accumulation_steps=parts
        )
        assert step.results()["loss"] == pytest.approx(np.log(10) + 0.01 * 640, rel=1e-4)


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
    assert evaluate(Pipeline(examples, PREPROCESSING, 16), lambda number: number == 1) is None


@pytest.mark.parametrize("rate", [1e38, 1e4])
def test_a_loss_that_is_not_finite_or_explodes_is_noted_with_its_first_step(rate, examples):
    model = make_model(keras.optimizers.SGD(rate))
    step = TrainingStep(Classifier(model), model.optimizer, tf.distribute.get_strategy())
    iterator = iter(Pipeline(examples, PREPROCESSING, 9).epoch(tf.distribute.get_strategy()))
    noted, losses, before = [], [], 0.0
    for _ in range(5):
        step(iterator)
        noted.append(int(step.bad_step.numpy()))
        losses.append((step.totals.numpy()[0] - before) / 9)
        before = step.totals.numpy()[0]
    bad = [not loss <= 100 * losses[0] for loss in losses]
    first = bad.index(True) + 1
    assert noted == [0] * (first - 1) + [first] * (6 - first)


def test_the_whole_step_compiles_with_xla(examples):
    """As a TPU needs it: nothing in it has a shape that depends on values."""
    strategy = tf.distribute.get_strategy()
    model, _ = trained(examples, strategy, sgd, make=normalized)
    settings = StepSettings(clip_norm=1.0, accumulation_steps=2, ema_momentum=0.9)
    training = TrainingStep(Classifier(model, 0.1), model.optimizer, strategy, settings)
    evaluation = EvaluationStep(Classifier(model), strategy)
    pipeline = Pipeline(examples, PREPROCESSING, 16, static=True, accumulation_steps=2)
    spec = pipeline.epoch(strategy).element_spec
    assert all(part.shape.is_fully_defined() for part in spec[:3])
    batch = next(iter(pipeline.epoch(strategy)))
    for step in (training, evaluation):
        plain = tf.function(step._replica_step)
        compiled = tf.function(step._replica_step, jit_compile=True)
        before = [v.numpy() for v in [*model.variables, *model.optimizer.variables]]
        results = []
        for function in (plain, compiled):
            for variable, value in zip(
                [*model.variables, *model.optimizer.variables], before, strict=True
            ):
                variable.assign(value)
            results.append([function(batch), *(v.numpy() for v in model.variables)])
        for a, b in zip(*results, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


def test_waiting_for_input_is_measured(examples):
    model = make_model("sgd")
    strategy = tf.distribute.get_strategy()
    step = TrainingStep(Classifier(model), model.optimizer, strategy)

    def slow(strategy):
        dataset = Pipeline(examples, PREPROCESSING, 9).epoch(strategy)
        wait = tf.autograph.experimental.do_not_convert(lambda: __import__("time").sleep(0.3))
        return dataset.map(
            lambda *batch: tf.nest.map_structure(
                tf.ensure_shape,
                tf.py_function(lambda *b: wait() or b, batch, [part.dtype for part in batch]),
                [part.shape for part in batch],
            )
        )

    iterators = [iter(Pipeline(examples, PREPROCESSING, 9).epoch(strategy)), iter(slow(strategy))]
    step(iter(Pipeline(examples, PREPROCESSING, 9).epoch(strategy)))  # traces
    waited = []
    for iterator in iterators:
        step.begin(step.totals * 0, 1, 0.0)
        for _ in range(3):
            logs = step(iterator)
        waited.append(step.times.numpy()[1])
        assert 0 <= float(logs["input_bound"]) <= 1
    assert waited[1] - waited[0] > 0.5
