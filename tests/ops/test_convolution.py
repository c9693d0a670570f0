"""`conv` against a loop in NumPy: paddings, strides with dilation, groups, data formats."""

import itertools

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.ops import conv, conv_output_length

CASES = list(
    itertools.product(("valid", "same", "full"), ((1, 1), (2, 3)), ((1, 1), (2, 1), (3, 2)), (1, 2))
)


@pytest.mark.parametrize(("padding", "strides", "dilation_rate", "groups"), CASES)
def test_equals_the_definition(padding, strides, dilation_rate, groups, rng):
    x = rng.normal(size=(2, 9, 8, 4)).astype("float32")
    kernel = rng.normal(size=(3, 2, 4 // groups, 6)).astype("float32")
    options = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
    expected = convolve(x, kernel, **options)
    y = conv(keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(kernel), **options)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(y), expected, atol=1e-4)
    lengths = [
        conv_output_length(x.shape[1 + a], kernel.shape[a], strides[a], padding, dilation_rate[a])
        for a in range(2)
    ]
    assert lengths == list(expected.shape[1:3])


@pytest.mark.parametrize("padding", ["same", "full"])
def test_channels_first_is_a_transpose(padding, rng):
    x = rng.normal(size=(2, 7, 8, 4)).astype("float32")
    kernel = keras.ops.convert_to_tensor(rng.normal(size=(3, 2, 2, 6)).astype("float32"))
    last = conv(keras.ops.convert_to_tensor(x), kernel, padding=padding, strides=(2, 1))
    first = conv(
        keras.ops.convert_to_tensor(x.transpose(0, 3, 1, 2)),
        kernel,
        padding=padding,
        strides=(2, 1),
        data_format="channels_first",
    )
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(first).transpose(0, 2, 3, 1),
        keras.ops.convert_to_numpy(last),
        atol=1e-5,
    )


def test_full_padding_grows_by_the_kernel_less_one_and_sees_each_pixel_with_every_tap():
    y = conv(keras.ops.ones((1, 5, 7, 1)), keras.ops.ones((3, 2, 1, 1)), padding="full")
    assert tuple(y.shape) == (1, 7, 8, 1)
    assert float(keras.ops.sum(y)) == 5 * 7 * 3 * 2


@pytest.mark.parametrize(
    ("length", "kernel_size", "stride", "padding", "expected"),
    [
        (32, 5, 1, "valid", 28),
        (28, 5, 1, "valid", 24),
        (12, 5, 1, "valid", 8),
        (7, 3, 1, "valid", 5),
        (7, 3, 2, "valid", 3),
        (11, 5, 2, "valid", 4),
        (5 + 2, 3, 1, "valid", 5),  # padded by one on both sides
        (5 + 2, 3, 2, "valid", 3),
        (7 + 2, 3, 2, "valid", 4),
        (32 + 4, 5, 1, "valid", 32),  # F = 5 keeps the size with P = 2
        (7, 7, 1, "valid", 1),
        (12, 7, 1, "valid", 6),
        (227, 11, 4, "valid", 55),
        (7, 3, 2, "same", 4),
        (None, 3, 1, "same", None),
    ],
)
def test_output_lengths_of_the_book(length, kernel_size, stride, padding, expected):
    assert conv_output_length(length, kernel_size, stride, padding) == expected
