"""MonteCarloDropout: its draws in and out of training, its switch, and averaged predictions."""

import keras
import numpy as np
import pytest

from kerasbook.layers import DropPath, MonteCarloDropout, monte_carlo_predict
from kerasbook.testing import PROMISES, Case


def test_apply_is_the_definition(rng):
    x = rng.normal(size=(3, 4, 5)).astype("float32")
    survives = rng.uniform(size=x.shape) < 0.5
    y = keras.ops.convert_to_numpy(MonteCarloDropout(0.2).apply(x, survives))
    np.testing.assert_allclose(y, np.where(survives, x / 0.8, 0), rtol=1e-6)


@pytest.mark.parametrize("training", [False, True])
def test_it_drops_in_training_and_out_of_it(training):
    x = np.ones((40, 1000), "float32")
    layer = MonteCarloDropout(0.3, seed=1)
    first, second = (keras.ops.convert_to_numpy(layer(x, training=training)) for _ in range(2))
    assert abs((first == 0).mean() - 0.3) < 0.01
    assert abs(first.mean() - 1) < 0.015
    assert np.any(first != second)
    assert len(np.unique(first, axis=0)) == 40
    still = MonteCarloDropout(0.3, sampling=False, seed=1)
    y = keras.ops.convert_to_numpy(still(x, training=training))
    np.testing.assert_array_equal(y, first if training else x)


@pytest.mark.parametrize(
    "promise",
    [
        "identity_outside_training",
        "batch_is_single",
        "compiles",
        pytest.param("serves_without_the_library", marks=pytest.mark.tensorflow),
    ],
)
def test_without_sampling_it_keeps_every_promise(promise):
    def make(**kwargs):
        return MonteCarloDropout(0.5, sampling=False, seed=7, **kwargs)

    PROMISES[promise](Case("still", make, (4, 5, 3)))


@pytest.mark.tensorflow
def test_an_exported_model_draws_at_every_request(tmp_path):
    import tensorflow as tf

    model = keras.Sequential([keras.Input((1000,)), MonteCarloDropout(0.5)])
    model.export(str(tmp_path), verbose=False)
    served = tf.saved_model.load(str(tmp_path))
    first, second = (served.serve(np.ones((1, 1000), "float32")).numpy() for _ in range(2))
    assert np.any(first != second)
    assert abs((first == 0).mean() - 0.5) < 0.1


def test_noise_shape_shares_draws():
    x = np.ones((8, 5, 6, 7), "float32")
    layer = MonteCarloDropout(0.5, noise_shape=(None, 1, 1, None))
    y = keras.ops.convert_to_numpy(layer(x))
    assert np.all(y == y[:, :1, :1])
    assert len(np.unique(y[:, 0, 0], axis=0)) > 1
    with pytest.raises(ValueError, match="`noise_shape` must have a size for every axis"):
        layer(np.ones((2, 3), "float32"))


@pytest.mark.parametrize("shape", [(0, 1), (1.5,), 3, "ab"])
def test_bad_noise_shape_is_named(shape):
    with pytest.raises(ValueError, match="`noise_shape` must be a list of positive integers"):
        MonteCarloDropout(0.5, noise_shape=shape)


def test_bad_rate_is_named():
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)"):
        MonteCarloDropout(1)


def model_of_two():
    inputs = keras.Input((3,))
    x = MonteCarloDropout(0.5)(inputs)
    return keras.Model(inputs, [x, MonteCarloDropout(0.2)(keras.layers.BatchNormalization()(x))])


def test_mean_and_deviation_are_those_of_the_predictions(rng):
    x = rng.normal(size=(5, 3)).astype("float32")
    model = model_of_two()
    means, deviations = monte_carlo_predict(model, x, 7, seed=3)
    again, _ = monte_carlo_predict(model, x, 7, seed=3)
    other, _ = monte_carlo_predict(model, x, 7, seed=4)
    assert np.all(means[0] == again[0])
    assert np.any(means[0] != other[0])
    monte_carlo_predict(model, x, 1, seed=3)  # the first; six more follow
    assert np.all(monte_carlo_predict(model, x, 1, seed=3)[1][0] == 0)
    monte_carlo_predict(model, x, 1, seed=3)
    rest = [model.predict(x, verbose=0) for _ in range(6)]
    first, _ = monte_carlo_predict(model, x, 1, seed=3)
    for i in range(2):
        passes = np.stack([first[i], *(outputs[i] for outputs in rest)])
        np.testing.assert_allclose(means[i], passes.mean(0), atol=1e-6)
        np.testing.assert_allclose(deviations[i], passes.std(0), atol=1e-6)


def test_the_moments_are_those_of_dropout(rng):
    x = np.repeat(rng.normal(size=(1, 3)), 32, axis=0).astype("float32")
    kernel = rng.normal(size=(3, 2))
    model = keras.Sequential(
        [keras.Input((3,)), MonteCarloDropout(0.4), keras.layers.Dense(2, use_bias=False)]
    )
    model.layers[-1].set_weights([kernel])
    mean, deviation = monte_carlo_predict(model, x, 60, seed=0)
    variance = (x[0] ** 2) @ (kernel**2) * 0.4 / 0.6
    np.testing.assert_allclose((deviation**2).mean(0) * 60 / 59, variance, rtol=0.1)
    assert np.all(np.abs(mean.mean(0) - x[0] @ kernel) < 5 * np.sqrt(variance / (60 * 32)))


def test_seeds_differ_between_layers():
    model = keras.Sequential([keras.Input((500,)), MonteCarloDropout(0.5), MonteCarloDropout(0.5)])
    mean, _ = monte_carlo_predict(model, np.ones((1, 500), "float32"), 1, seed=0)
    assert set(np.unique(mean)) == {0, 4}
    assert abs((mean == 4).mean() - 0.25) < 0.1  # one mask twice would keep half


def test_a_model_without_draws_has_no_deviation():
    model = keras.Sequential([keras.Input((3,)), DropPath(0.5)])
    mean, deviation = monte_carlo_predict(model, np.ones((2, 3), "float32"), 3)
    assert np.all(mean == 1)
    assert np.all(deviation == 0)


def test_bad_samples_are_named():
    with pytest.raises(ValueError, match="`samples` must be a positive integer"):
        monte_carlo_predict(None, None, 0)


@pytest.mark.parametrize("seed", [True, 1.5])
def test_seed_is_an_integer(seed):
    with pytest.raises(ValueError, match="`seed` must be an integer or None"):
        MonteCarloDropout(0.2, seed=seed)


@pytest.mark.parametrize("name", ["sampling"])
def test_flags_are_true_or_false(name):
    with pytest.raises(ValueError, match=f"`{name}` must be True or False"):
        MonteCarloDropout(0.2, **{name: None})
