"""The windows that pooling layers share: arguments, sizes, data formats."""

import keras
import numpy as np
import pytest

from kerasbook.layers.pooling.window_pooling2d import WindowPooling2D


def test_strides_are_the_window_unless_given():
    assert WindowPooling2D(3).strides == (3, 3)
    assert WindowPooling2D((2, 3), strides=(1, 2)).strides == (1, 2)


@pytest.mark.parametrize(
    ("padding", "expected"), [("valid", (None, 3, None, 4)), ("same", (None, 4, None, 4))]
)
def test_sizes(padding, expected):
    layer = WindowPooling2D((2, 3), padding=padding)
    assert layer.compute_output_shape((None, 7, None, 4)) == expected
    first = WindowPooling2D((2, 3), padding=padding, data_format="channels_first")
    assert first.compute_output_shape((None, 4, 7, None)) == (
        None,
        4,
        *expected[1:3],
    )


def test_two_by_two_windows_discard_three_quarters():
    assert WindowPooling2D().compute_output_shape((1, 224, 224, 64)) == (1, 112, 112, 64)


def test_channels_go_last_and_back(rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    layer = WindowPooling2D(data_format="channels_first")
    last = layer.to_channels_last(x)
    assert tuple(last.shape) == (2, 4, 5, 3)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer.from_channels_last(last)), x)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pool_size": 0}, "`pool_size` must be a positive integer or 2 of them.*pool_size=0"),
        ({"pool_size": True}, "`pool_size` must be a positive integer"),
        ({"strides": (1, -1)}, "`strides` must be a positive integer or 2 of them"),
        ({"padding": "full"}, "`padding` must be one of .*padding='full'"),
        ({"data_format": "first"}, "`data_format` must be"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        WindowPooling2D(**arguments)


def test_windows_larger_than_the_image_are_named():
    with pytest.raises(ValueError, match=r"`pool_size` must not be larger.*\(1, 2, 5, 3\)"):
        WindowPooling2D(3).build((1, 2, 5, 3))
    WindowPooling2D(3, padding="same").build((1, 2, 5, 3))
