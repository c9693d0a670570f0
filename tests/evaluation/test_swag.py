"""swag_predict against its loop, with batch normalization made to fit every sample."""

import keras
import numpy as np
import pytest

from kerasbook.callbacks import SWAG
from kerasbook.evaluation import swag_predict


@pytest.fixture(scope="module", params=[True, False], ids=["norm", "no norm"])
def trained(request):
    """A small classifier, what SWAG collected of its training, the inputs, and if it has a norm."""
    keras.utils.set_random_seed(0)
    rng, norm = np.random.default_rng(0), request.param
    x, y = rng.normal(size=(32, 2)).astype("float32"), rng.integers(0, 3, 32)
    layers = [keras.layers.Dense(4), *([keras.layers.BatchNormalization()] if norm else [])]
    last = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input((2,)), *layers, last])
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    swag = SWAG(2, rank=3)
    model.fit(x, y, batch_size=16, epochs=6, callbacks=[swag], verbose=0)
    return model, swag, x, norm


def definition(model, weights, x, norm):
    """The forward pass in NumPy, the batch normalization by the statistics of `x` itself."""
    kernel, bias, *norms, last, last_bias = weights
    hidden = x @ kernel + bias
    if norm:
        gamma, beta = norms
        epsilon = model.layers[1].epsilon
        hidden = gamma * (hidden - hidden.mean(0)) / np.sqrt(hidden.var(0) + epsilon) + beta
    logits = hidden @ last + last_bias
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(1, keepdims=True)


def test_is_the_mean_over_samples(trained):
    model, swag, x, norm = trained
    before = model.get_weights()
    needed = {"data": x, "batch_size": 32} if norm else {}
    mean, deviation = swag_predict(model, swag, x, samples=4, scale=2.0, seed=3, **needed)
    generator = np.random.default_rng(3)
    passes = np.stack(
        [definition(model, swag.apply(swag.draw(generator), 2.0), x, norm) for _ in range(4)]
    )
    np.testing.assert_allclose(mean, passes.mean(0), atol=1e-5)
    np.testing.assert_allclose(deviation, passes.std(0), atol=1e-5)
    assert deviation.max() > 1e-3
    for value, same in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, same)
    again, other = (
        swag_predict(model, swag, x, samples=4, scale=2.0, seed=seed, **needed)[0]
        for seed in (3, 4)
    )
    np.testing.assert_array_equal(again, mean)
    assert np.any(other != mean)


def test_without_deviations_it_is_the_mean_of_the_weights(trained):
    model, swag, x, norm = trained
    mean, deviation = swag_predict(model, swag, x, samples=2, scale=0, data=x)
    expected = definition(model, swag.apply(swag.draw(), 0), x, norm)
    np.testing.assert_allclose(mean, expected, atol=1e-6)
    assert np.all(deviation == 0)


def test_bad_input_is_named(trained):
    model, swag, x, norm = trained
    before = model.get_weights()
    with pytest.raises(ValueError, match="`samples` must be a positive integer"):
        swag_predict(model, swag, x, samples=0)
    if norm:
        with pytest.raises(ValueError, match="`data` must be given"):
            swag_predict(model, swag, x, samples=1)
        with pytest.raises(ValueError, match="`data` must hold a batch"):
            swag_predict(model, swag, x, samples=1, data=x[:0])
    with pytest.raises(ValueError, match="2 epochs' ends at least. Received: 0 of them"):
        swag_predict(model, SWAG(0), x, samples=1, data=x)
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="`model` must have the weights that `swag` collected"):
        swag_predict(other, swag, x, samples=1)
    for value, same in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, same)
