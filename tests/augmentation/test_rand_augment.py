"""RandAugment: its 14 operations, their frequencies, and one level for all."""

import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation import RandAugment, draws, get_operation


def planned(layer, count=10_000):
    drawn = draws.uniform(3, 1, np.arange(count), layer.num_draws).numpy()
    steps = layer.plan(ops.convert_to_tensor(drawn), layer.state)
    return [ops.convert_to_numpy(part) for part in steps]


def test_operations_are_equally_frequent_by_chi_square():
    which, _, _ = planned(RandAugment(num_operations=2))
    assert which.shape == (10_000, 2)
    for column in which.T:
        counts = np.bincount(column, minlength=14)
        assert len(counts) == 14
        expected = 10_000 / 14
        assert ((counts - expected) ** 2 / expected).sum() < 34.5  # 13 degrees, 0.1 %
    pairs = np.bincount(which[:, 0] * 14 + which[:, 1], minlength=196)
    expected = 10_000 / 196
    assert ((pairs - expected) ** 2 / expected).sum() < 263  # 195 degrees, 0.1 %


def test_all_have_the_level_and_sides_are_a_coin():
    layer = RandAugment(num_operations=1, level=6)
    which, magnitude, _ = planned(layer)
    for place, name in enumerate(layer.operations):
        operation, found = get_operation(name), magnitude[which == place]
        if not operation.has_level:
            continue
        reach = 0.6 * (operation.high - operation.low)
        if operation.signed:
            assert abs((found > operation.low).mean() - 0.5) < 0.1
            found = np.abs(found - operation.low) + operation.low
        expected = operation.low + reach
        expected = np.floor(expected + 0.5) if operation.whole else expected
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_ranges_and_operations_of_ones_own():
    layer = RandAugment(1, 10, operations=["rotate"], ranges={"rotate": (0, 7)})
    _, magnitude, _ = planned(layer, 100)
    np.testing.assert_allclose(np.abs(magnitude), 7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_operations": 0}, "`num_operations` must be a positive integer"),
        ({"level": 10.5}, r"`level` must be in \[0, 10\]. Received: level=10.5"),
        ({"level": float("nan")}, "`level`"),
        ({"operations": ["rotat"]}, "rotate"),
        ({"operations": ["rotate"], "ranges": {"hue": (0, 3)}}, "operations of the policy.*'hue'"),
        ({"operations": []}, "`operations` must be different names"),
        ({"value_range": (1, 0)}, "`value_range` must be two rising numbers"),
        ({"fill_value": 300}, "`fill_value`"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        RandAugment(**arguments)
