"""Temperature scaling: the least negative log-likelihood, on logits and on probabilities."""

import keras
import numpy as np
import pytest

from kerasbook.evaluation import temperature_scaling
from kerasbook.evaluation.temperature import best_temperature
from kerasbook.metrics import ExpectedCalibrationError


def softmax(logits):
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def log_softmax(logits):
    logits = logits - logits.max(-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def likelihood(probabilities, classes):
    return -np.mean(np.log(probabilities[np.arange(len(classes)), classes]))


def classifier(activation, factor=3.0):
    """A linear classifier of three features, whose logits are `factor` times the features."""
    last = keras.layers.Dense(3, activation, use_bias=False)
    model = keras.Sequential([keras.Input((3,)), last])
    last.set_weights([factor * np.eye(3)])
    return model


def examples(rng, count=4000):
    """Features whose softmax are the classes' probabilities."""
    x = rng.normal(size=(count, 3)).astype("float32")
    draws = rng.uniform(size=(count, 1))
    return x, (np.cumsum(softmax(x), 1) < draws).sum(1)


@pytest.mark.parametrize("activation", [None, "softmax"])
@pytest.mark.parametrize("factor", [0.4, 3.0])
def test_finds_the_factor_and_calibrates(rng, activation, factor):
    x, y = examples(rng)
    model = classifier(activation, factor)
    calibrated, temperature = temperature_scaling(model, x, y)
    assert abs(temperature / factor - 1) < 0.1
    # The least of the negative log-likelihood, by a search over a grid.
    grid = temperature * np.linspace(0.9, 1.1, 201)
    values = [likelihood(softmax(factor * x.astype("float64") / t), y) for t in grid]
    assert abs(grid[np.argmin(values)] / temperature - 1) <= 1.01e-3
    before = softmax(factor * x.astype("float64"))
    after = keras.ops.convert_to_numpy(calibrated(x))
    np.testing.assert_allclose(after, softmax(factor * x / temperature), atol=1e-6)
    np.testing.assert_array_equal(after.argmax(1), before.argmax(1))
    assert likelihood(after, y) < likelihood(before, y)
    errors = [float(ExpectedCalibrationError()(y, p)) for p in (before, after)]
    assert errors[1] < 0.03 < 0.1 < errors[0]


def test_the_likelihood_never_falls(rng):
    for number in range(20):
        logits = rng.normal(size=(30, 4)) * np.exp(rng.normal(0, 2))
        classes = rng.integers(0, 4, 30)
        targets = np.eye(4)[classes]
        if number % 2:
            targets = softmax(rng.normal(size=(30, 4)))
        temperature = best_temperature(logits, targets)
        before, after = (np.sum(targets * log_softmax(logits / t)) for t in (1, temperature))
        assert after >= before - 1e-9
        assert 0.01 <= temperature <= 100


def test_forms_of_the_targets(rng):
    x, y = examples(rng, 50)
    model = classifier(None)
    temperatures = [
        temperature_scaling(model, x, targets)[1] for targets in (y, y[:, None], np.eye(3)[y])
    ]
    assert len(set(temperatures)) == 1
    all_right = temperature_scaling(model, x, x.argmax(1))[1]
    assert all_right == pytest.approx(0.01)
    all_wrong = temperature_scaling(model, x, x.argmin(1))[1]
    assert all_wrong == pytest.approx(100)


def test_sure_probabilities_of_zero(rng):
    model = classifier("softmax", 1000.0)
    x, y = examples(rng, 200)
    calibrated, temperature = temperature_scaling(model, x, y)
    assert temperature > 10
    assert np.all(np.isfinite(keras.ops.convert_to_numpy(calibrated(x))))


def test_a_saved_one_needs_nothing_else(rng, tmp_path):
    x, y = examples(rng, 50)
    calibrated, _ = temperature_scaling(classifier("softmax"), x, y)
    calibrated.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(loaded(x)), keras.ops.convert_to_numpy(calibrated(x)), atol=1e-6
    )


@pytest.mark.tensorflow
def test_an_exported_one_serves(rng, tmp_path):
    import tensorflow as tf

    x, y = examples(rng, 50)
    calibrated, _ = temperature_scaling(classifier(None), x, y)
    calibrated.export(str(tmp_path), verbose=False)
    served = tf.saved_model.load(str(tmp_path))
    np.testing.assert_allclose(served.serve(x), calibrated(x), atol=1e-6)


def test_bad_input_is_named(rng):
    x, y = examples(rng, 4)
    model = classifier(None)
    with pytest.raises(ValueError, match="`model` must be a built functional"):
        temperature_scaling(keras.Sequential([keras.layers.Dense(2)]), x, y)
    with pytest.raises(ValueError, match="`model` must give finite .*, 3 of them not finite"):
        temperature_scaling(model, np.where(np.arange(4)[:, None] == 1, np.nan, x), y)
    one = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=r"two classes or more. Received: outputs of shape \(4, 1"):
        temperature_scaling(one, x, y)
    with pytest.raises(ValueError, match="`model` must end in probabilities, or in logits"):
        temperature_scaling(classifier("relu"), x, y)
    with pytest.raises(ValueError, match="`y` must be a class for each example"):
        temperature_scaling(model, x, y[:3])
    with pytest.raises(ValueError, match=r"`y` must hold classes from 0 to 2. Received: 2 other"):
        temperature_scaling(model, x, np.array([0, 3, 1, -1]))
    with pytest.raises(ValueError, match=r"`y` must hold classes .* 1 other .* such as nan"):
        temperature_scaling(model, x, np.array([0, 2, 1, np.nan]))
    with pytest.raises(ValueError, match="`y` must hold probabilities .* Received: 1 NaN"):
        temperature_scaling(model, x, np.where(np.eye(4, 3) * np.arange(3) == 2, np.nan, 1 / 3))
