"""`local_conv` and its grid against a loop over places in NumPy."""

import itertools

import keras
import numpy as np
import pytest
from helpers.definitions import windows

from kerasbook.ops import local_conv
from kerasbook.ops.local_convolution import Grid

CASES = [
    ((7,), (3,), strides, rates, padding)
    for strides, rates, padding in itertools.product(((1,), (2,), (3,)), ((1,), (2,)), "vs")
] + [
    ((6, 7), (3, 2), strides, rates, padding)
    for strides, rates, padding in itertools.product(((1, 1), (2, 3)), ((1, 1), (2, 3)), "vs")
]
CASES += [((4, 5, 6), (2, 1, 3), (1, 2, 2), (2, 1, 1), p) for p in "vs"]


def local(x, kernel, strides, padding, rates):
    """The definition: `(batch, *places, filters)` from `(*taps, *places, channels, filters)`."""
    rank = len(strides)
    seen = windows(x, kernel.shape[:rank], strides, padding, rates)
    y = np.zeros((*seen.shape[: rank + 1], kernel.shape[-1]))
    for place in np.ndindex(*y.shape[1:-1]):
        of_place = kernel[(slice(None),) * rank + place]  # (*taps, channels, filters)
        y[(slice(None), *place)] = np.tensordot(seen[(slice(None), *place)], of_place, rank + 1)
    return y


@pytest.mark.parametrize(("sizes", "taps", "strides", "rates", "padding"), CASES)
def test_equals_the_definition(sizes, taps, strides, rates, padding, rng):
    padding = {"v": "valid", "s": "same"}[padding]
    x = rng.normal(size=(2, *sizes, 3)).astype("float32")
    places = windows(x, taps, strides, padding, rates).shape[1 : len(taps) + 1]
    kernel = rng.normal(size=(*taps, *places, 3, 4)).astype("float32")
    expected = local(x, kernel, strides, padding, rates)
    options = {"strides": strides, "padding": padding, "dilation_rate": rates}
    y = keras.ops.convert_to_numpy(local_conv(keras.ops.convert_to_tensor(x), kernel, **options))
    np.testing.assert_allclose(y, expected, atol=1e-4)
    first = keras.ops.convert_to_tensor(np.moveaxis(x, -1, 1))
    y = local_conv(first, kernel, data_format="channels_first", **options)
    y = np.moveaxis(keras.ops.convert_to_numpy(y), 1, -1)
    np.testing.assert_allclose(y, expected, atol=1e-4)


def test_grid_says_where_the_taps_lie():
    grid = Grid((7,), (4,), (3,), (2,), (2,), "same")
    assert grid.margins == [(2, 2)]
    assert grid.starts((2,)) == (4,)
    assert grid.view((2,)) == (slice(4, 11, 2),)
    assert grid.all_taps() == [(0,), (1,), (2,)]
