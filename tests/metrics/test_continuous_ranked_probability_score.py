"""The score against its integral, for normal distributions and for samples."""

import keras
import numpy as np
import pytest

from kerasbook.metrics import ContinuousRankedProbabilityScore


def integral(distribution, target, points):
    """The definition: the squared distance from the target's step, by the trapezoidal rule."""
    return np.trapezoid((distribution(points) - (points >= target)) ** 2, points)


@pytest.mark.parametrize("target", [-4.0, 0.3, 1.7])
@pytest.mark.parametrize("scale", [0.2, 1.5])
def test_of_a_normal_distribution_is_the_integral(target, scale):
    points = np.linspace(-30, 30, 600_001)
    density = np.exp(-(((points - 0.3) / scale) ** 2) / 2) / (scale * np.sqrt(2 * np.pi))
    cumulative = np.cumsum(density) * (points[1] - points[0])
    expected = integral(lambda _: cumulative, target, points)
    found = ContinuousRankedProbabilityScore()(np.array([[target]]), np.array([[0.3, scale]]))
    np.testing.assert_allclose(float(found), expected, atol=2e-4)


def test_of_normal_distributions_is_scipys(rng):
    norm = pytest.importorskip("scipy.stats", reason="compares with scipy").norm
    means, scales, targets = rng.normal(size=(3, 5, 2))
    scales = np.exp(scales)
    z = (targets - means) / scales
    scores = scales * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    outputs = np.concatenate([means, scales], 1)
    found = float(ContinuousRankedProbabilityScore()(targets, outputs))
    np.testing.assert_allclose(found, scores.mean(), rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_of_samples_is_the_integral_and_the_double_sum(rng, count):
    samples, target = rng.normal(size=count), 0.4
    points = np.linspace(-6, 6, 1_200_001)
    expected = integral(lambda x: np.mean(samples[:, None] <= x, 0), target, points)
    pairs = np.abs(samples[:, None] - samples).sum() / (2 * count**2)
    double_sum = np.abs(samples - target).mean() - pairs
    metric = ContinuousRankedProbabilityScore("samples")
    found = float(metric(np.array([target]), samples[None]))
    np.testing.assert_allclose(found, double_sum, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_shapes_of_samples_and_weights(rng):
    samples, targets = rng.normal(size=(4, 3, 6)), rng.normal(size=(4, 3))
    rows = np.array(
        [
            [
                np.abs(s - y).mean() - np.abs(s[:, None] - s).mean() / 2
                for s, y in zip(*pair, strict=True)
            ]
            for pair in zip(samples, targets, strict=True)
        ]
    )
    metric = ContinuousRankedProbabilityScore("samples")
    weights = rng.uniform(size=4)
    found = float(metric(targets, samples, sample_weight=weights))
    np.testing.assert_allclose(found, (rows.mean(1) * weights).sum() / weights.sum(), rtol=1e-5)
    metric.reset_state()
    weights = rng.uniform(size=(4, 3))
    found = float(metric(targets, samples, sample_weight=weights))
    np.testing.assert_allclose(found, (rows * weights).sum() / weights.sum(), rtol=1e-5)
    metric.reset_state()
    found = float(metric(targets[:, :1], samples[:, 0]))  # one number, in a column
    np.testing.assert_allclose(found, rows[:, 0].mean(), rtol=1e-5)
    for bad in (samples[:2], samples[:, :2], samples[..., None]):
        with pytest.raises(ValueError, match="`y_pred` must hold samples of each target"):
            metric(targets, bad)


def test_the_true_distribution_has_the_best_score(rng):
    targets = rng.normal(1.0, 2.0, size=20_000)
    scores = {}
    for mean, scale in ((1.0, 2.0), (1.0, 1.6), (1.0, 2.5), (0.5, 2.0)):
        outputs = np.tile([mean, scale], (len(targets), 1))
        scores[mean, scale] = float(ContinuousRankedProbabilityScore()(targets, outputs))
    assert min(scores, key=scores.get) == (1.0, 2.0)
    np.testing.assert_allclose(scores[1.0, 2.0], 2 / np.sqrt(np.pi), rtol=0.02)  # its expectation
    samples = rng.normal(1.0, 2.0, size=(20_000, 50))
    found = float(ContinuousRankedProbabilityScore("samples")(targets, samples))
    np.testing.assert_allclose(found, (1 + 1 / 50) * 2 / np.sqrt(np.pi), rtol=0.02)


def test_samples_in_a_step_of_keras(rng):
    samples, targets = rng.normal(size=(6, 5)), rng.normal(size=6)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Activation("linear")])
    metric = ContinuousRankedProbabilityScore("samples", name="crps")
    model.compile(loss=lambda y, p: keras.ops.mean(p, -1), metrics=[metric])
    found = model.evaluate(samples, targets, batch_size=4, return_dict=True, verbose=0)
    again = ContinuousRankedProbabilityScore.from_config(metric.get_config())
    np.testing.assert_allclose(found["crps"], float(again(targets, samples)), rtol=1e-5)


def test_bad_predictions_are_named():
    with pytest.raises(ValueError, match="`predictions` must be one of .*'quantiles'"):
        ContinuousRankedProbabilityScore("quantiles")
