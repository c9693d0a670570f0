"""TrivialAugment: one operation, one of 31 levels, wide ranges."""

import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation import TrivialAugmentWide, draws


def test_one_operation_at_31_equally_frequent_levels():
    layer = TrivialAugmentWide()
    drawn = draws.uniform(0, 0, np.arange(31_000), layer.num_draws).numpy()
    steps = layer.plan(ops.convert_to_tensor(drawn), layer.state)
    which, magnitude = (ops.convert_to_numpy(part) for part in steps[:2])
    assert which.shape == (31_000, 1)
    counts = np.bincount(which[:, 0], minlength=14)
    assert ((counts - 31_000 / 14) ** 2 / (31_000 / 14)).sum() < 34.5  # 13 degrees, 0.1 %
    angles = np.abs(magnitude[which == layer.operations.index("rotate")])
    levels = np.rint(angles / 135 * 30).astype(int)
    np.testing.assert_allclose(angles, levels * 4.5, atol=1e-4)
    counts = np.bincount(levels, minlength=31)
    expected = counts.sum() / 31
    assert ((counts - expected) ** 2 / expected).sum() < 59.7  # 30 degrees, 0.1 %


def test_ranges_are_the_papers():
    ranges = TrivialAugmentWide().ranges
    assert tuple(ranges["shear_x"]) == (0, 0.99)
    assert tuple(ranges["posterize"]) == (8, 2)
    assert tuple(ranges["color"]) == (1, 1.99)
    assert ranges["translate_y"][1] * 224 == pytest.approx(32)


def test_one_level_is_too_few():
    with pytest.raises(ValueError, match="`num_levels` must be above 1. Received: num_levels=1"):
        TrivialAugmentWide(1)
