"""What the metrics of distributions share: weights, precision, steps, files, bad input."""

import keras
import numpy as np
import pytest

from kerasbook import metrics

GAUSSIAN = [
    metrics.ContinuousRankedProbabilityScore,
    metrics.IntervalCoverage,
    metrics.NegativeLogLikelihood,
]
OF_GAUSSIANS = pytest.mark.parametrize("metric", GAUSSIAN, ids=lambda metric: metric.__name__)


def predictions(rng, batch=6, size=2):
    """Targets, and means and standard deviations in one array."""
    outputs = rng.normal(size=(batch, 2 * size))
    outputs[:, size:] = np.exp(outputs[:, size:])
    return rng.normal(size=(batch, size)), outputs


def each(metric, targets, outputs):
    """The metric's value of every sample alone."""
    return np.array([float(metric()(targets[i : i + 1], outputs[i : i + 1])) for i in range(6)])


@OF_GAUSSIANS
def test_weights_are_of_samples_and_batches_add_up(rng, metric):
    targets, outputs = predictions(rng)
    weights = rng.uniform(size=6)
    values = each(metric, targets, outputs)
    ours = metric()
    for part in (slice(0, 4), slice(4, 6)):
        ours.update_state(targets[part], outputs[part], sample_weight=weights[part])
    np.testing.assert_allclose(float(ours.result()), (values * weights).sum() / weights.sum(), 1e-5)
    ours.reset_state()
    ours.update_state(targets, outputs)
    np.testing.assert_allclose(float(ours.result()), values.mean(), rtol=1e-5)


@OF_GAUSSIANS
def test_places_of_a_sequence(rng, metric):
    targets, outputs = predictions(rng)
    values = each(metric, targets, outputs).reshape(2, 3)
    sequence = targets.reshape(2, 3, 2), outputs.reshape(2, 3, 4)
    np.testing.assert_allclose(float(metric()(*sequence)), values.mean(), rtol=1e-5)
    weights = np.array([1.0, 3.0])
    expected = (values.mean(1) * weights).sum() / 4
    result = metric()(*sequence, sample_weight=weights)
    np.testing.assert_allclose(float(result), expected, rtol=1e-5)
    weights = rng.uniform(size=(2, 3))
    result = metric()(*sequence, sample_weight=weights)
    np.testing.assert_allclose(float(result), (values * weights).sum() / weights.sum(), rtol=1e-5)


@OF_GAUSSIANS
def test_one_number_with_and_without_its_axis(rng, metric):
    targets, outputs = predictions(rng, size=1)
    assert float(metric()(targets, outputs)) == float(metric()(targets[:, 0], outputs))


@OF_GAUSSIANS
@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_a_step_of_keras_and_back_from_its_config(rng, metric, jit_compile):
    targets, outputs = predictions(rng)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Activation("linear")])
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric()))
    assert again.get_config() == metric().get_config()
    model.compile(
        loss=lambda y, p: keras.ops.mean(p, -1),
        weighted_metrics=[again],
        jit_compile=jit_compile,
    )
    weights = rng.uniform(size=6)
    found = model.evaluate(
        outputs, targets, sample_weight=weights, batch_size=3, return_dict=True, verbose=0
    )
    expected = (each(metric, targets, outputs) * weights).sum() / weights.sum()
    np.testing.assert_allclose(found[again.name], expected, rtol=1e-5)


@pytest.mark.tensorflow
@OF_GAUSSIANS
def test_replicas_add_up(rng, metric):
    from kerasbook.testing import two_replicas

    targets, outputs = predictions(rng)
    with two_replicas().scope():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Activation("linear")])
        ours = metric()
        model.compile(loss=lambda y, p: keras.ops.mean(p, -1), metrics=[ours], jit_compile=False)
    found = model.evaluate(outputs, targets, batch_size=6, return_dict=True, verbose=0)
    expected = each(metric, targets, outputs).mean()
    np.testing.assert_allclose(found[ours.name], expected, rtol=1e-5)


@pytest.mark.tensorflow
@OF_GAUSSIANS
def test_nan_targets_are_named_within_fit_too(rng, metric):
    targets, outputs = predictions(rng)
    targets[3, 1] = np.nan
    model = keras.Sequential([keras.Input((4,)), keras.layers.Activation("linear")])
    model.compile(loss=lambda y, p: keras.ops.mean(p, -1), metrics=[metric()], jit_compile=False)
    with pytest.raises(Exception, match="`y_true` must hold no NaN"):
        model.evaluate(outputs, targets, verbose=0)


@OF_GAUSSIANS
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_outputs_are_scored_in_float32(metric, dtype):
    outputs = keras.ops.cast(np.array([[0.0, 2.0**-10]]), dtype)  # its square is none in float16
    targets = np.array([[0.0]])
    wide = metric()(targets, np.array([[0.0, 2.0**-10]]))
    np.testing.assert_allclose(float(metric()(targets, outputs)), float(wide), rtol=1e-6)


@OF_GAUSSIANS
def test_bad_input_is_named(rng, metric):
    targets, outputs = predictions(rng)
    targets[[1, 4], 1] = np.nan
    with pytest.raises(ValueError, match="`y_true` must hold no NaN. Received: NaN count = 2"):
        metric()(targets, outputs)
    with pytest.raises(ValueError, match="`y_pred` must hold a mean and a standard deviation"):
        metric()(outputs, outputs)
    with pytest.raises(ValueError, match=r"y_true of shape \(6,\)"):
        metric()(outputs[:, 0], outputs)
