"""recalibrate_batch_norm: the statistics in NumPy, kinds of data, and what stays as it was."""

import keras
import numpy as np
import pytest

from kerasbook import layers
from kerasbook.surgery import recalibrate_batch_norm


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def one_norm(make=layers.BatchNormalization):
    return keras.Sequential(
        [keras.Input((4, 5, 3)), keras.layers.Conv2D(6, (2, 3)), make(name="norm")]
    )


def check(model, x):
    """Compares the averages with mean and variance of all that reaches the normalization."""
    inputs = numpy(model.layers[0](x)).astype("float64")
    norm = model.layers[-1]
    np.testing.assert_allclose(numpy(norm.moving_mean), inputs.mean((0, 1, 2)), rtol=1e-4)
    variance = inputs.var((0, 1, 2))
    if isinstance(norm, layers.BatchRenormalization):
        deviation = np.sqrt(variance + norm.epsilon)
        np.testing.assert_allclose(numpy(norm.moving_deviation), deviation, rtol=1e-4)
    else:
        np.testing.assert_allclose(numpy(norm.moving_variance), variance, rtol=1e-4)


@pytest.fixture
def x(rng):
    # The mean drifts, so that the variance of the batches' means counts.
    return (rng.normal(size=(22, 4, 5, 3)) + np.linspace(0, 9, 22)[:, None, None, None]).astype(
        "float32"
    )


@pytest.mark.parametrize(
    "make",
    [
        layers.BatchNormalization,
        keras.layers.BatchNormalization,
        layers.BatchRenormalization,
        lambda name: layers.BatchRenormalization(
            warmup_steps=0, r_max_steps=0, d_max_steps=0, name=name
        ),
    ],
)
@pytest.mark.parametrize("batch_size", [4, 22, 100])
def test_statistics_of_all_data_from_uneven_batches(make, batch_size, x):
    model = one_norm(make)
    assert recalibrate_batch_norm(model, x, batch_size=batch_size) is None
    check(model, x)


class Batches(keras.utils.PyDataset):
    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return 3

    def __getitem__(self, number):
        return self.x[8 * number : 8 * number + 8], np.zeros(8)


def test_kinds_of_data(x):
    targets = np.zeros(len(x))
    for data in (
        Batches(x),
        [x[:5], x[5:]],
        [(x[:5], targets[:5]), (x[5:], targets[5:], targets[5:])],
        ((x[i : i + 1],) for i in range(len(x))),
        keras.ops.convert_to_tensor(x),
    ):
        model = one_norm()
        recalibrate_batch_norm(model, data)
        check(model, x)


@pytest.mark.tensorflow
def test_tf_datasets(x):
    import tensorflow as tf

    model = one_norm()
    recalibrate_batch_norm(model, tf.data.Dataset.from_tensor_slices((x, x)).batch(5))
    check(model, x)


def test_several_inputs(rng, x):
    first, second = keras.Input((4, 5, 3)), keras.Input((4, 5, 3))
    norm = layers.BatchNormalization()
    model = keras.Model([first, second], norm(first + second))
    recalibrate_batch_norm(model, [([x[:8], x[:8]], 0), ([x[8:], 2 * x[8:]], 0)])
    total = np.concatenate([2 * x[:8], 3 * x[8:]])
    np.testing.assert_allclose(numpy(norm.moving_mean), total.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(numpy(norm.moving_variance), total.var((0, 1, 2)), rtol=1e-4)


def test_steps_limit_the_batches(x):
    model = one_norm()
    recalibrate_batch_norm(model, x, 2, batch_size=5)
    check(model, x[:10])


def test_later_norms_see_what_the_batches_made_of_it(x):
    inner = keras.Sequential([keras.Input((4, 5, 3)), layers.BatchNormalization(name="second")])
    model = keras.Sequential(
        [keras.Input((4, 5, 3)), layers.BatchNormalization(), keras.layers.ReLU(), inner]
    )
    recalibrate_batch_norm(model, x, batch_size=11)
    seen = []
    for part in (x[:11], x[11:]):
        part = part.astype("float64")
        mean, variance = part.mean((0, 1, 2)), part.var((0, 1, 2))
        seen.append(np.maximum((part - mean) / np.sqrt(variance + 1e-3), 0))
    seen = np.concatenate(seen)
    second = inner.layers[-1]
    np.testing.assert_allclose(numpy(second.moving_mean), seen.mean((0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(numpy(second.moving_variance), seen.var((0, 1, 2)), rtol=1e-4)


def test_renormalization_corrects_by_the_averages_before(x):
    # Those are 0 and 1 here, and the limits so wide that it hands on what comes in.
    options = dict.fromkeys(("warmup_steps", "r_max_steps", "d_max_steps"), 0)
    first = layers.BatchRenormalization(r_max=1e6, d_max=1e6, **options)
    second = layers.BatchNormalization()
    recalibrate_batch_norm(
        keras.Sequential([keras.Input((4, 5, 3)), first, second]), x, batch_size=8
    )
    recalibrated = [numpy(first.moving_mean), numpy(second.moving_mean)]
    np.testing.assert_allclose(recalibrated, [x.mean((0, 1, 2))] * 2, rtol=1e-4)
    np.testing.assert_allclose(numpy(second.moving_variance), x.var((0, 1, 2)), rtol=1e-4)


def noisy_model():
    return keras.Sequential(
        [
            keras.Input((4, 5, 3)),
            keras.layers.Dropout(0.5, seed=1),
            layers.BatchRenormalization(momentum=0.7),
            keras.layers.BatchNormalization(momentum=0.8),
        ]
    )


def state(model):
    return {v.path: numpy(v).copy() for v in model.variables}


def test_all_else_stays(x):
    model = noisy_model()
    model.layers[2].trainable = False
    before = state(model)
    assert any("seed" in path for path in before)
    recalibrate_batch_norm(model, x)
    for path, value in state(model).items():
        changed = np.any(value != before[path])
        assert changed == ("moving" in path), path
    assert [layer.trainable for layer in model.layers] == [True, True, False]
    assert [layer.momentum for layer in model.layers[1:]] == [0.7, 0.8]


def test_an_error_changes_nothing(x):
    model = noisy_model()
    model.layers[2].trainable = False
    before = state(model)

    def data():
        yield x
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="disk"):
        recalibrate_batch_norm(model, data())
    for path, value in state(model).items():
        np.testing.assert_array_equal(value, before[path])
    assert [layer.trainable for layer in model.layers] == [True, True, False]
    assert [layer.momentum for layer in model.layers[1:]] == [0.7, 0.8]


def test_bad_arguments_are_named(x):
    with pytest.raises(ValueError, match="have a batch normalization.*'plain'"):
        recalibrate_batch_norm(
            keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)], name="plain"), x
        )
    with pytest.raises(ValueError, match="`data` must hold a batch.*steps=None"):
        recalibrate_batch_norm(one_norm(), [])


def test_averages_that_are_not_finite_are_repaired(rng):
    norm = keras.layers.BatchNormalization()
    model = keras.Sequential([keras.Input((2,)), norm])
    norm.moving_mean.assign([np.nan, 0])
    norm.moving_variance.assign([1, np.inf])
    x = rng.normal(3, 2, size=(40, 2)).astype("float32")
    recalibrate_batch_norm(model, x)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_mean), x.mean(0), rtol=1e-5)
    variance = keras.ops.convert_to_numpy(norm.moving_variance)
    np.testing.assert_allclose(variance, x.var(0), rtol=1e-5)


def test_what_is_no_model_is_named():
    with pytest.raises(ValueError, match="`model` must be a Keras model.*None"):
        recalibrate_batch_norm(None, np.zeros((2, 3)))
