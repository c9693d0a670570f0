"""SWAG: its moments against NumPy, the covariance of its samples, and which epochs count."""

import keras
import numpy as np
import pytest

from kerasbook.callbacks import SWAG


class Noting(keras.callbacks.Callback):
    """Keeps the weights of every epoch's end."""

    def on_train_begin(self, logs=None):
        self.weights = []

    def on_epoch_end(self, epoch, logs=None):
        values = [keras.ops.convert_to_numpy(v) for v in self.model.trainable_variables]
        self.weights.append(np.concatenate([value.ravel() for value in values]))


def trained(rng, swag, epochs=10):
    """Trains a small model with a frozen layer; returns it and the weights of every epoch."""
    frozen = keras.layers.Dense(3, trainable=False)
    model = keras.Sequential([keras.Input((2,)), frozen, keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.2), "mean_squared_error")
    x, y = rng.normal(size=(12, 2)), rng.normal(size=(12, 2))
    noting = Noting()
    model.fit(x, y, batch_size=4, epochs=epochs, callbacks=[noting, swag], verbose=0)
    return model, np.array(noting.weights, "float64")


def test_moments_and_deviations_are_those_of_the_epochs(rng):
    swag = SWAG(3, rank=4)
    model, weights = trained(rng, swag)
    counted = weights[3:]
    assert swag.count == 7
    np.testing.assert_allclose(swag.mean, counted.mean(0), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(swag.variances(), counted.var(0), rtol=1e-7, atol=1e-16)
    second = (counted**2).mean(0) - swag.mean**2  # as the paper writes it
    np.testing.assert_allclose(swag.variances(), second, rtol=1e-4, atol=1e-12)
    running = np.cumsum(counted, 0) / np.arange(1, 8)[:, None]
    np.testing.assert_allclose(swag.deviations, (counted - running)[3:], atol=1e-7)
    mean = swag.apply(swag.draw(seed=1), scale=0)
    assert [part.shape for part in mean] == [v.shape for v in model.trainable_variables]
    np.testing.assert_array_equal(np.concatenate([part.ravel() for part in mean]), swag.mean)


def test_samples_are_the_formula_and_have_the_covariance(rng):
    swag = SWAG(0, rank=3)
    trained(rng, swag, 6)
    diagonal, low_rank = swag.draw(seed=5)
    assert diagonal.shape == (8,)
    assert low_rank.shape == (3,)
    columns = np.stack(swag.deviations, 1)
    expected = swag.mean + 0.7 * (
        np.sqrt(swag.variances()) * diagonal / np.sqrt(2) + columns @ low_rank / np.sqrt(2 * 2)
    )
    found = np.concatenate([part.ravel() for part in swag.apply((diagonal, low_rank), scale=0.7)])
    np.testing.assert_allclose(found, expected, rtol=1e-10)

    generator = np.random.default_rng(0)
    samples = np.array(
        [
            np.concatenate([part.ravel() for part in swag.apply(swag.draw(generator))])
            for _ in range(20_000)
        ]
    )
    covariance = (np.diag(swag.variances()) + columns @ columns.T / 2) / 2
    scales = np.sqrt(np.diag(covariance))
    error = np.abs(np.cov(samples.T) - covariance) / np.outer(scales, scales)
    assert error.max() < 5 * np.sqrt(2 / len(samples))
    assert np.all(np.abs(samples.mean(0) - swag.mean) < 5 * scales / np.sqrt(len(samples)))


def test_period_and_a_second_training(rng):
    swag = SWAG(1, rank=2, period=3)
    _, weights = trained(rng, swag, 9)
    assert swag.count == 3
    np.testing.assert_allclose(swag.mean, weights[[1, 4, 7]].mean(0), rtol=1e-12)
    assert len(swag.deviations) == 2
    _, weights = trained(rng, swag, 5)  # begins anew
    assert swag.count == 2
    np.testing.assert_allclose(swag.mean, weights[[1, 4]].mean(0), rtol=1e-12)


def test_small_variances_beside_large_means_hold():
    swag = SWAG(0)
    swag.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    [kernel, _] = swag.model.trainable_variables
    values = 1000 + np.array([0.0, 1.0, 3.0]) * 2.0**-12  # exact in float32, too
    for value in values:
        kernel.assign([[value]])
        swag.collect()
    np.testing.assert_allclose(swag.variances()[0], values.var(), rtol=1e-6)


@pytest.mark.tensorflow
def test_a_checkpoint_of_training_keeps_it(rng):
    import json

    from kerasbook.training.engine.callback_state import CallbackStates

    swag, again = SWAG(0, rank=3), SWAG(0, rank=3)
    empty = CallbackStates([SWAG(0, rank=3)])
    states = CallbackStates([swag])
    _, _ = trained(rng, swag, 4)
    read, arrays = states.read()
    empty.write(json.loads(json.dumps(read)), arrays)
    other = CallbackStates([again])
    other.write(json.loads(json.dumps(read)), arrays)
    assert again.count == 4
    for one, same in zip(swag.apply(swag.draw(1)), again.apply(again.draw(1)), strict=True):
        np.testing.assert_array_equal(one, same)


def test_bad_input_is_named(rng):
    with pytest.raises(ValueError, match="`start_epoch` must be an integer of at least 0"):
        SWAG(-1)
    with pytest.raises(ValueError, match="`rank` must be at least 2. Received: rank=1"):
        SWAG(0, rank=1)
    with pytest.raises(ValueError, match="`period` must be a positive integer"):
        SWAG(0, period=0)
    swag = SWAG(2)
    trained(rng, swag, 3)
    for call in (swag.draw, swag.variances):
        with pytest.raises(ValueError, match="Received: 1 of them, with start_epoch=2, period=1"):
            call()
    swag.collect()
    with pytest.raises(ValueError, match="`scale` must be at least 0"):
        swag.apply(swag.draw(), scale=-1)
