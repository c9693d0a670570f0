"""What layers tell of themselves: every rule against numbers counted by hand."""

import types

import pytest

from kerasbook import layers
from kerasbook.layers import told


def test_steps():
    pool = types.SimpleNamespace(pool_size=(2, 3), strides=(1, 2), padding="same")
    assert told.position_wise(None) == [[]]
    assert told.all_positions(None) == [[(None, 1, "valid")]]
    assert told.of_pool(pool) == [[((2, 3), (1, 2), "same")]]


@pytest.mark.parametrize(
    ("axis", "data_format", "is_apart"),
    [
        (-1, "channels_last", True),
        ([3], "channels_last", True),
        (1, "channels_last", False),
        ((1, 3), "channels_last", False),
        (1, "channels_first", True),
        (-1, "channels_first", False),
    ],
)
def test_steps_along_an_axis(axis, data_format, is_apart):
    steps = told.along_axis(types.SimpleNamespace(axis=axis), 4, data_format)
    assert steps == ([[]] if is_apart else [[(None, 1, "valid")]])


def test_sums_over_the_last_axis_need_the_channels_there():
    assert told.along_last_axis(None, 3, "channels_last") == [[]]
    with pytest.raises(ValueError, match="not that of the channels"):
        told.along_last_axis(None, 3, "channels_first")


def test_multiply_adds():
    convolution = layers.Conv2D(5, (3, 2), data_format="channels_first")
    convolution.build((1, 4, 8, 9))
    assert told.places(convolution, (1, 5, 6, 8)) == 48
    assert told.products_of_kernel(convolution, (1, 4, 8, 9), (1, 5, 6, 8)) == 48 * 3 * 2 * 4 * 5
    dense = layers.Maxout(3, 2)
    dense.build((2, 7, 4))
    assert told.products_of_matrix(dense, (2, 7, 4), (2, 7, 3)) == 14 * 4 * 6
    assert told.no_products(dense, (2, 7, 4), (2, 7, 3)) == 0
