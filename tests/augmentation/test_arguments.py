"""Checks of arguments that augmentations share."""

import math

import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation.arguments import (
    fill_value_of,
    level_of,
    probability,
    require_integers,
    value_range_of,
)


def test_good_values_come_back():
    assert value_range_of([-1, 1]) == (-1, 1)
    assert fill_value_of(None, (0, 1)) is None
    assert fill_value_of(0.5, (0, 1)) == 0.5
    assert probability("rate", 1) == 1
    assert level_of(0) == 0


@pytest.mark.parametrize(
    "value", [(0,), (0, 0), (1, 0), 255, "01", (0, math.nan), (0, math.inf), (0, True)]
)
def test_value_ranges_are_two_rising_numbers(value):
    with pytest.raises(ValueError, match="`value_range` must be two rising numbers"):
        value_range_of(value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fill_value_of(2, (0, 1)), r"in \[0, 1\], the value range. Received: fill_value=2"),
        (lambda: probability("rate", 1.01), r"`rate` must be in \[0, 1\]. Received: rate=1.01"),
        (lambda: level_of(-1), r"`level` must be in \[0, 10\]. Received: level=-1"),
        (lambda: level_of(True), "`level`"),
    ],
)
def test_wrong_numbers(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("value", [3, np.int64(3), [1, 2], np.arange(3), ops.arange(3)])
def test_integers(value):
    require_integers("index", value)


@pytest.mark.parametrize("value", [1.5, True, "3", None, np.arange(3) + 0.5])
def test_what_is_no_integer(value):
    with pytest.raises(ValueError, match="`index` must be an integer"):
        require_integers("index", value)
