"""Coverage of simulated data, and the interval's ends."""

import keras
import numpy as np
import pytest

from kerasbook.layers import GaussianHead, MixtureDensity
from kerasbook.metrics import IntervalCoverage


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_right_predictions_cover_their_level(rng, level):
    means, scales = rng.normal(size=(2, 20_000, 2))
    scales = np.exp(scales)
    targets = rng.normal(means, scales)
    found = float(IntervalCoverage(level)(targets, np.concatenate([means, scales], 1)))
    assert abs(found - level) < 4 * np.sqrt(level * (1 - level) / targets.size)
    sure = float(IntervalCoverage(level)(targets, np.concatenate([means, scales / 2], 1)))
    assert sure < level - 0.05


def test_the_interval_ends_at_the_quantiles():
    ends = 3 + 2 * 1.959964 * np.array([-1.0001, -0.9999, 0.9999, 1.0001])
    outputs = np.tile([3.0, 2.0], (4, 1))
    inside = [float(IntervalCoverage()(ends[i : i + 1], outputs[:1])) for i in range(4)]
    assert inside == [0, 1, 1, 0]
    assert float(IntervalCoverage()(ends, outputs, sample_weight=[1, 1, 2, 4])) == 0.375


def test_of_a_head_by_its_distribution_function(rng):
    head = MixtureDensity(2, 3, family="laplace")
    output = head(rng.normal(size=(4000, 5)).astype("float32"))
    targets = head.sample(output, seed=1)
    metric = IntervalCoverage(0.8, head=head)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert abs(float(metric(targets, output)) - 0.8) < 4 * np.sqrt(0.16 / 8000)
    assert float(again(targets, output)) == float(metric.result())
    normal = GaussianHead(2)
    output = normal(rng.normal(size=(4000, 5)).astype("float32"))
    targets = normal.sample(output, seed=1)
    by_head = float(IntervalCoverage(0.8, head=normal)(targets, output))
    assert by_head == float(IntervalCoverage(0.8)(targets, output))
    assert abs(by_head - 0.8) < 4 * np.sqrt(0.16 / 8000)
    with pytest.raises(ValueError, match="`head` must have a method `cdf`"):
        IntervalCoverage(head=keras.layers.Dense(2))


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 95, float("nan"), True])
def test_bad_level_is_named(level):
    with pytest.raises(ValueError, match=r"`level` must be in \(0, 1\)"):
        IntervalCoverage(level)
