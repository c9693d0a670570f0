"""RandomOperation: levels, magnitudes, rate, strength."""

import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation import RandomOperation, Sequence, draws


def planned(layer, count=4000):
    drawn = draws.uniform(2, 0, np.arange(count), layer.num_draws).numpy()
    steps = layer.plan(ops.convert_to_tensor(drawn), layer.state)
    return [ops.convert_to_numpy(part)[:, 0] for part in steps[:2]]


@pytest.mark.parametrize(
    ("arguments", "low", "high", "two_sided"),
    [
        ({}, 0, 30, True),
        ({"level": 5}, 15, 15, True),
        ({"level": (2, 6)}, 6, 18, True),
        ({"magnitude": 12}, 12, 12, False),
        ({"magnitude": (-10, 20)}, -10, 20, False),
    ],
)
def test_levels_and_magnitudes(arguments, low, high, two_sided):
    _, magnitude = planned(RandomOperation("rotate", **arguments))
    if two_sided:
        assert abs((magnitude > 0).mean() - 0.5) < 0.05
        magnitude = np.abs(magnitude)
    counts = np.histogram(magnitude, 8, (low, high))[0] if high > low else None
    if counts is None:
        np.testing.assert_allclose(magnitude, low, rtol=1e-6)
    else:
        assert counts.sum() == 4000
        assert ((counts - 500) ** 2 / 500).sum() < 24.3  # 7 degrees, 0.1 %


def test_the_rate():
    which, _ = planned(RandomOperation("invert", rate=0.2))
    assert abs((which == 0).mean() - 0.2) < 5 * np.sqrt(0.16 / 4000)


def test_strength_draws_magnitudes_to_the_identity():
    layer = RandomOperation("brightness", magnitude=(0.2, 1.8))
    _, full = planned(layer, 50)
    layer.set_strength(0.25)
    _, weak = planned(layer, 50)
    np.testing.assert_allclose(weak, 1 + 0.25 * (full - 1), rtol=1e-5)


def test_what_looks_at_other_images_needs_a_batch():
    layer = RandomOperation("sample_pairing")
    assert layer.needs_batch
    assert Sequence([RandomOperation("rotate"), layer]).needs_batch
    assert not RandomOperation("rotate").needs_batch
    with pytest.raises(ValueError, match=r"`images` must be \(batch, height, width, channels\)"):
        layer(np.zeros((4, 5, 3), "uint8"), training=True)


def test_whole_magnitudes_are_rounded():
    layer = RandomOperation("posterize", magnitude=(4, 8))
    layer.set_strength(0.7)
    _, magnitude = planned(layer, 100)
    assert set(magnitude) <= {4, 5, 6, 7, 8}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"operation": "rotat"}, "operation='rotat'.*rotate"),
        ({"operation": "rotate", "level": 3, "magnitude": 3}, "must not both be given"),
        ({"operation": "invert", "level": 3}, "`level` must be None, as 'invert' has none"),
        ({"operation": "invert", "magnitude": 3}, "`magnitude` must be None"),
        ({"operation": "rotate", "level": (0, 11)}, r"`level` must be in \[0, 10\]"),
        ({"operation": "rotate", "level": (1, 2, 3)}, "`level` must be"),
        ({"operation": "rotate", "magnitude": "30"}, "`magnitude` must be a number"),
        ({"operation": "rotate", "rate": 2}, r"`rate` must be in \[0, 1\]"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        RandomOperation(**arguments)
