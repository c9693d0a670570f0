"""UniformAugment: coins, uniform levels, AutoAugment's 15 operations of one image."""

import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation import UniformAugment, draws


def test_coins_and_levels_are_uniform():
    layer = UniformAugment(rate=0.3)
    drawn = draws.uniform(0, 0, np.arange(20_000), layer.num_draws).numpy()
    steps = layer.plan(ops.convert_to_tensor(drawn), layer.state)
    which, magnitude = (ops.convert_to_numpy(part) for part in steps[:2])
    taken = which < 15
    assert abs(taken.mean() - 0.3) < 0.01
    counts = np.bincount(which[taken], minlength=15)
    expected = counts.sum() / 15
    assert ((counts - expected) ** 2 / expected).sum() < 36.1  # 14 degrees, 0.1 %
    angles = np.abs(magnitude[which == layer.operations.index("rotate")])
    counts = np.histogram(angles, 10, (0, 30))[0]
    expected = counts.sum() / 10
    assert ((counts - expected) ** 2 / expected).sum() < 27.9  # 9 degrees, 0.1 %


def test_a_rate_is_a_probability():
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\]. Received: rate=1.5"):
        UniformAugment(rate=1.5)
