"""From levels to magnitudes: AutoAugment's published numbers, sides and rounding."""

import json

import numpy as np
import pytest
from helpers.pictures import snake
from keras import ops

from kerasbook.augmentation import get_operation
from kerasbook.augmentation.levels import magnitude_of, operations_of, ranges_of


def magnitudes(name, strengths, coin, ranges=None):
    which = ops.zeros(len(strengths), "int32")
    coin = ops.full((len(strengths),), coin)
    strengths = ops.convert_to_tensor(np.array(strengths, "float32"))
    return ops.convert_to_numpy(magnitude_of(which, strengths, coin, (name,), ranges))


def test_published_magnitudes(data_dir):
    published = json.loads((data_dir.parent / "autoaugment_policies.json").read_text())
    for title, row in published["magnitudes"].items():
        name, expected = snake(title), row["magnitudes_at_levels_0_to_9"]
        operation = get_operation(name)
        assert operation.has_level == (expected is not None)
        assert operation.signed == row["signed"]
        if expected is None:
            continue
        found = magnitudes(name, np.arange(10) / 9, 0.7)
        if operation.signed:
            below = magnitudes(name, np.arange(10) / 9, 0.2)
            np.testing.assert_allclose(operation.low - below, found - operation.low, atol=1e-6)
            found = found - operation.low
        if name.startswith("translate"):
            found = found * 224
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6, err_msg=name)


def test_ranges_take_the_place_of_the_operations_own():
    found = magnitudes("rotate", [0, 0.5, 1], 0.9, {"rotate": (0, 90)})
    np.testing.assert_allclose(found, [0, 45, 90])


def test_whole_magnitudes_are_rounded():
    np.testing.assert_array_equal(magnitudes("posterize", [0, 0.1, 0.2, 1], 0.9), [8, 8, 7, 4])


def test_the_place_after_the_last_operation_has_no_magnitude():
    found = magnitude_of(ops.ones(2, "int32"), 1.0, ops.ones(2), ("rotate",))
    np.testing.assert_array_equal(ops.convert_to_numpy(found), [0, 0])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("rotate", "must be different names"),
        ([], "must be different names"),
        (["rotate", "rotate"], "must be different names"),
        (["rotate", "shear"], "shear_x"),
        ([["rotate"]], "rotate"),
        (5, "must be different names"),
    ],
)
def test_wrong_operations(value, message):
    with pytest.raises(ValueError, match=message):
        operations_of(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"invert": (0, 1)}, "operations with a level"),
        ([("rotate", (0, 1))], "must be a dictionary"),
        ({"rotate": 30}, r"\(low, high\)"),
        ({"rotate": (0, float("nan"))}, "two finite numbers"),
        ({"rotat": (0, 3)}, "rotate"),
    ],
)
def test_wrong_ranges(value, message):
    with pytest.raises(ValueError, match=message):
        ranges_of(value)
