"""AsymmetricConv2D: 2/n of the weights, and an n x n convolution of rank one."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import AsymmetricConv2D, Conv2D


@pytest.mark.parametrize("n", [3, 5, 7])
def test_has_two_nth_of_the_weights(n):
    pair, square = AsymmetricConv2D(6, n, use_bias=False), Conv2D(6, n, use_bias=False)
    for layer in (pair, square):
        layer.build((None, 9, 9, 6))
    assert pair.count_params() * n == 2 * square.count_params()


@pytest.mark.parametrize(("strides", "padding"), [(1, "same"), ((2, 3), "same"), (2, "valid")])
def test_is_the_convolution_by_the_product_of_its_kernels(strides, padding, rng):
    x = rng.normal(size=(2, 9, 11, 2)).astype("float32")
    layer = AsymmetricConv2D(3, 3, strides=strides, padding=padding, use_bias=False)
    layer.build(x.shape)
    row, column = layer.get_weights()
    kernel = np.einsum("xucm,vymd->vucd", row, column)
    strides = (strides,) * 2 if isinstance(strides, int) else strides
    expected = convolve(x, kernel, strides, padding)
    y = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, expected, atol=1e-4)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"`kernel_size` must be .*kernel_size=\(3, 3\)"):
        AsymmetricConv2D(4, (3, 3))
