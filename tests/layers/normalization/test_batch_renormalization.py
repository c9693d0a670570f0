"""BatchRenormalization: the algorithm of the paper, its schedule, Keras' numbers, replicas."""

import inspect

import keras
import numpy as np
import pytest

from kerasbook import testing
from kerasbook.layers import BatchNormalization, BatchRenormalization

AT_ONCE = {"warmup_steps": 0, "r_max_steps": 0, "d_max_steps": 0}
KERAS_HAS_IT = "renorm" in inspect.signature(keras.layers.BatchNormalization).parameters


def numpy(x):
    return keras.ops.convert_to_numpy(x)


class Definition:
    """Algorithm 1 of the paper, channels last."""

    def __init__(self, gamma, beta, momentum, epsilon):
        self.gamma, self.beta, self.momentum, self.epsilon = gamma, beta, momentum, epsilon
        self.mean, self.deviation = np.zeros(len(gamma)), np.ones(len(gamma))

    def train(self, x, r_limit, d_limit):
        x = x.reshape(-1, x.shape[-1]).astype("float64")
        y = np.empty(x.shape)
        for c in range(x.shape[1]):
            mean = x[:, c].mean()
            deviation = np.sqrt(self.epsilon + ((x[:, c] - mean) ** 2).mean())
            r = np.clip(deviation / self.deviation[c], 1 / r_limit, r_limit)
            d = np.clip((mean - self.mean[c]) / self.deviation[c], -d_limit, d_limit)
            y[:, c] = self.gamma[c] * ((x[:, c] - mean) / deviation * r + d) + self.beta[c]
            self.mean[c] += (1 - self.momentum) * (mean - self.mean[c])
            self.deviation[c] += (1 - self.momentum) * (deviation - self.deviation[c])
        return y

    def infer(self, x):
        return self.gamma * (x - self.mean) / self.deviation + self.beta


@pytest.mark.parametrize("shape", [(8, 3), (4, 6, 3), (4, 5, 6, 3)])
@pytest.mark.parametrize("options", [{}, {"epsilon": 1e-6}, {"axis": 1}, {"momentum": 0.5}])
@pytest.mark.parametrize("limits", [(1.0, 0.0), (1.2, 0.3), (100.0, 100.0)])
def test_definition(shape, options, limits, rng):
    layer = BatchRenormalization(r_max=limits[0], d_max=limits[1], **AT_ONCE, **options)
    axis = layer.axis
    moved = np.moveaxis(np.empty(shape), -1, axis).shape
    layer.build(moved)
    gamma, beta = rng.uniform(0.5, 2, (2, 3)).astype("float32")
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    definition = Definition(gamma, beta, layer.momentum, layer.epsilon)
    for _ in range(3):
        x = rng.normal(1, rng.uniform(0.5, 3), size=shape).astype("float32")
        expected = definition.train(x, *limits).reshape(shape)
        y = numpy(layer(np.moveaxis(x, -1, axis), training=True))
        np.testing.assert_allclose(np.moveaxis(y, axis, -1), expected, atol=5e-5)
    np.testing.assert_allclose(numpy(layer.moving_mean), definition.mean, rtol=1e-4)
    np.testing.assert_allclose(numpy(layer.moving_deviation), definition.deviation, rtol=1e-4)
    y = np.moveaxis(numpy(layer(np.moveaxis(x, -1, axis))), axis, -1)
    np.testing.assert_allclose(y, definition.infer(x), atol=5e-5)


def test_the_schedule_is_that_of_the_paper():
    layer = BatchRenormalization()
    for steps, r_limit, d_limit in (
        (0, 1, 0),
        (5000, 1, 0),
        (15_000, 1 + 2 * 10 / 35, 2.5),
        (25_000, 1 + 2 * 20 / 35, 5),
        (40_000, 3, 5),
        (90_000, 3, 5),
    ):
        limits = [float(limit) for limit in layer.limits(steps)]
        np.testing.assert_allclose(limits, [r_limit, d_limit], rtol=1e-6)
    jump = BatchRenormalization(warmup_steps=7, r_max_steps=7, d_max_steps=7)
    assert [float(limit) for limit in jump.limits(6)] == [1, 0]
    assert [float(limit) for limit in jump.limits(7)] == [3, 5]


def test_steps_are_counted_in_training_alone_and_saved(tmp_path, rng):
    layer = BatchRenormalization(warmup_steps=1, r_max_steps=3, d_max_steps=3)
    model = keras.Sequential([keras.Input((4,)), layer])
    x = rng.normal(3, 2, size=(8, 4)).astype("float32")
    model(x)
    assert int(layer.steps) == 0
    for _ in range(2):
        model(x, training=True)
    assert int(layer.steps) == 2
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert int(loaded.layers[-1].steps) == 2
    np.testing.assert_allclose(numpy(loaded(x, training=True)), numpy(model(x, training=True)))
    layer.trainable = False
    np.testing.assert_array_equal(numpy(model(x, training=True)), numpy(model(x)))
    assert int(layer.steps) == 3


def test_the_warmup_is_batch_normalization(rng):
    x = rng.normal(3, 2, size=(4, 5, 6, 3)).astype("float32")
    ours, theirs = BatchRenormalization(), BatchNormalization()
    np.testing.assert_allclose(
        numpy(ours(x, training=True)), numpy(theirs(x, training=True)), atol=1e-5
    )


@pytest.mark.tensorflow
@pytest.mark.skipif(not KERAS_HAS_IT, reason="this version of Keras has no `renorm`")
@pytest.mark.parametrize("options", [{}, {"epsilon": 1e-6}, {"center": False}, {"scale": False}])
def test_outputs_gradients_and_averages_equal_those_of_keras(options, rng):
    import tensorflow as tf

    ours = BatchRenormalization(r_max=1.5, d_max=0.4, **AT_ONCE, **options)
    theirs = keras.layers.BatchNormalization(
        renorm=True, renorm_clipping={"rmax": 1.5, "rmin": 1 / 1.5, "dmax": 0.4}, **options
    )
    x = tf.Variable(rng.normal(0.2, 1.3, size=(4, 5, 6, 8)).astype("float32"))
    weights = rng.normal(size=x.shape).astype("float32")
    for layer in (ours, theirs):
        layer.build(x.shape)
        for weight in layer.trainable_weights:
            generator = np.random.default_rng(len(weight.name))
            weight.assign(generator.uniform(0.5, 2, 8))
    for _ in range(3):
        results = []
        for layer in (ours, theirs):
            with tf.GradientTape() as tape:
                y = layer(x, training=True)
            variables = [x, *(w.value for w in layer.trainable_weights)]
            results.append([y, *tape.gradient(y, variables, output_gradients=weights)])
        for a, b in zip(*results, strict=True):
            np.testing.assert_allclose(a, b, atol=2e-4)
        x.assign(x * 1.5 + 0.3)
    np.testing.assert_allclose(ours.moving_mean, theirs.moving_mean, rtol=1e-5)
    np.testing.assert_allclose(ours(x), theirs(x), atol=1e-4)


@pytest.mark.tensorflow
def test_replicas_keep_one_average_and_one_count(rng):
    import tensorflow as tf

    x = rng.normal(1, 2, size=(2, 6, 3)).astype("float32")
    strategy = testing.two_replicas()
    with strategy.scope():
        layer = BatchRenormalization(momentum=0)
        layer.build((None, 3))

    def step():
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        return layer(tf.convert_to_tensor(x)[number], training=True)

    tf.function(lambda: strategy.run(step))()
    means = [v.numpy() for v in strategy.experimental_local_results(layer.moving_mean.value)]
    counts = [int(v) for v in strategy.experimental_local_results(layer.steps.value)]
    np.testing.assert_array_equal(*means)
    np.testing.assert_allclose(means[0], x.mean((0, 1)), rtol=1e-5)
    assert counts == [1, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"momentum": 1.5}, r"`momentum` must be in \[0, 1\].*momentum=1.5"),
        ({"epsilon": 0}, "`epsilon` must be above 0.*epsilon=0"),
        ({"r_max": 0.5}, "`r_max` must be 1 or above.*r_max=0.5"),
        ({"d_max": -1}, "`d_max` must be 0 or above.*d_max=-1"),
        ({"warmup_steps": -1}, "`warmup_steps` must be an integer, 0 or above.*warmup_steps=-1"),
        (
            {"r_max_steps": 10},
            "`r_max_steps` must be an integer, at least.*r_max_steps=10",
        ),
        (
            {"d_max_steps": 10},
            "`d_max_steps` must be an integer, at least.*d_max_steps=10",
        ),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        BatchRenormalization(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"momentum": "x"}, r"`momentum` must be in \[0, 1\].*'x'"),
        ({"momentum": 1.5}, r"`momentum` must be in \[0, 1\].*1.5"),
        ({"r_max": None}, "`r_max` must be 1 or above.*None"),
        ({"d_max": [1]}, r"`d_max` must be 0 or above.*\[1\]"),
        ({"warmup_steps": 1.5}, "`warmup_steps` must be an integer, 0 or above.*1.5"),
        ({"r_max_steps": 10}, "`r_max_steps` must be an integer, at least `warmup_steps`.*10"),
    ],
)
def test_each_bad_argument_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        BatchRenormalization(**arguments)
