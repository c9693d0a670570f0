"""DilatedConv2D: the book's filter with gaps, and its place beside Conv2D."""

import keras
import numpy as np
from helpers.definitions import convolve

from kerasbook.layers import Conv2D, DilatedConv2D


def test_rate_two_is_a_filter_with_zeros_between(rng):
    x = rng.normal(size=(2, 8, 9, 3)).astype("float32")
    layer = DilatedConv2D(4, 3, use_bias=False)
    layer.build(x.shape)
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    wide = np.zeros((5, 5, 3, 4))
    wide[::2, ::2] = kernel
    y = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, convolve(x, wide, padding="same"), atol=1e-5)
    assert layer.count_params() == 9 * 3 * 4


def test_is_a_conv2d_of_rate_two_that_keeps_the_size():
    layer = DilatedConv2D(4, 3, strides=2, activation="relu")
    assert isinstance(layer, Conv2D)
    assert (layer.dilation_rate, layer.padding, layer.strides) == ((2, 2), "same", (2, 2))
