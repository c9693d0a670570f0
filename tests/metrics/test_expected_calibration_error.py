"""The calibration error against loops over bins, on simulated data, and in Keras' steps."""

import keras
import numpy as np
import pytest

from kerasbook.metrics import ExpectedCalibrationError


def softmax(logits):
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def error(classes, probabilities, weights, num_bins):
    """The definition, by a loop over the bins."""
    confidence, total = probabilities.max(1), 0.0
    right = probabilities.argmax(1) == classes
    for number in range(num_bins):
        inside = (confidence > number / num_bins) & (confidence <= (number + 1) / num_bins)
        if weights[inside].sum() > 0:
            w = weights[inside] / weights[inside].sum()
            gap = abs((right[inside] * w).sum() - (confidence[inside] * w).sum())
            total += weights[inside].sum() / weights.sum() * gap
    return total


@pytest.mark.parametrize("num_bins", [1, 4, 15])
def test_is_the_loop_over_bins(rng, num_bins):
    logits = 2 * rng.normal(size=(200, 3))
    probabilities, classes = softmax(logits), rng.integers(0, 3, 200)
    weights = rng.uniform(size=200)
    expected = error(classes, probabilities, weights, num_bins)
    for targets in (classes, classes[:, None], np.eye(3)[classes], classes.astype("float32")):
        metric = ExpectedCalibrationError(num_bins)
        for part in (slice(0, 150), slice(150, 200)):
            metric.update_state(targets[part], probabilities[part], sample_weight=weights[part])
        np.testing.assert_allclose(float(metric.result()), expected, rtol=1e-4)
    of_logits = ExpectedCalibrationError(num_bins, from_logits=True)
    found = of_logits(classes, logits, sample_weight=weights[:, None])
    np.testing.assert_allclose(float(found), expected, rtol=1e-4)
    unweighted = ExpectedCalibrationError(num_bins)(classes, probabilities)
    np.testing.assert_allclose(
        float(unweighted), error(classes, probabilities, np.ones(200), num_bins), rtol=1e-4
    )
    unweighted = ExpectedCalibrationError(num_bins)
    assert float(unweighted.result()) == 0


def test_calibrated_data_have_no_error_and_sharpened_ones_have(rng):
    probabilities = softmax(1.5 * rng.normal(size=(50_000, 4)))
    draws = rng.uniform(size=(50_000, 1))
    classes = (np.cumsum(probabilities, 1) < draws).sum(1)
    assert float(ExpectedCalibrationError()(classes, probabilities)) < 0.01
    sharp = probabilities**3
    sharp /= sharp.sum(1, keepdims=True)
    assert float(ExpectedCalibrationError()(classes, sharp)) > 0.1


def test_the_ends_of_the_bins_belong_to_the_lower_ones():
    probabilities = np.array([[0.5, 0.5], [0.75, 0.25], [1.0, 0.0]])
    metric = ExpectedCalibrationError(4)
    metric.update_state(np.array([0, 0, 0]), probabilities)
    counts = keras.ops.convert_to_numpy(metric.weights_of_bins)
    assert counts.tolist() == [0, 1, 1, 1]


def test_places_of_an_image(rng):
    probabilities = softmax(rng.normal(size=(2, 3, 5, 4)))
    classes = rng.integers(0, 4, (2, 3, 5))
    weights = np.array([1.0, 3.0])
    each = np.repeat(weights, 15)
    found = ExpectedCalibrationError(6)(classes, probabilities, sample_weight=weights)
    expected = error(classes.ravel(), probabilities.reshape(-1, 4), each, 6)
    np.testing.assert_allclose(float(found), expected, rtol=1e-4)


@pytest.mark.tensorflow
def test_replicas_add_up(rng):
    from kerasbook.testing import two_replicas

    probabilities, classes = softmax(rng.normal(size=(12, 3))), rng.integers(0, 3, 12)
    with two_replicas().scope():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Activation("linear")])
        metrics = [ExpectedCalibrationError(5, name="ece")]
        model.compile(loss="sparse_categorical_crossentropy", metrics=metrics, jit_compile=False)
    found = model.evaluate(probabilities, classes, batch_size=6, return_dict=True, verbose=0)
    expected = error(classes, probabilities, np.ones(12), 5)
    np.testing.assert_allclose(found["ece"], expected, rtol=1e-4)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_a_step_of_keras_and_back_from_its_config(rng, jit_compile):
    logits, classes = rng.normal(size=(12, 3)), rng.integers(0, 3, 12)
    metric = ExpectedCalibrationError(5, from_logits=True, name="ece")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Activation("linear")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, metrics=[again], jit_compile=jit_compile)
    found = model.evaluate(logits, classes, batch_size=5, return_dict=True, verbose=0)
    expected = error(classes, softmax(logits), np.ones(12), 5)
    np.testing.assert_allclose(found["ece"], expected, rtol=1e-4)


def test_half_precision_counts_in_float32():
    probabilities = keras.ops.cast(np.tile([0.75, 0.25], (3000, 1)), "float16")
    classes = np.zeros(3000, "int32")  # 2048 is the last count of float16
    assert float(ExpectedCalibrationError()(classes, probabilities)) == 0.25


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`num_bins` must be a positive integer"):
        ExpectedCalibrationError(0)
    with pytest.raises(ValueError, match="`from_logits` must be True or False"):
        ExpectedCalibrationError(from_logits=1)
    metric, classes = ExpectedCalibrationError(), np.zeros(2, "int32")
    with pytest.raises(ValueError, match=r"`y_pred` must hold .*1 other values of 4, such as 1.5"):
        metric(classes, np.array([[1.5, 0.5], [1.0, 0.0]]))
    with pytest.raises(ValueError, match=r"`y_pred` must hold probabilities.* such as nan"):
        metric(classes, np.array([[np.nan, 0.5], [1.0, 0.0]]))
    with pytest.raises(ValueError, match="of two classes at least"):
        metric(classes, np.array([[0.5], [1.0]]))
    with pytest.raises(ValueError, match="`y_true` must be classes, or one-hot"):
        metric(np.zeros((2, 3)), np.array([[0.5, 0.5], [1.0, 0.0]]))
    with pytest.raises(ValueError, match="`y_true` must hold no NaN. Received: NaN count = 1"):
        metric(np.array([0.0, np.nan]), np.array([[0.5, 0.5], [1.0, 0.0]]))
