"""StackedConv2D: 27 C^2 against 49 C^2, what it sees, its definition."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import Conv2D, StackedConv2D


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def test_three_of_three_have_27_c_squared_weights_and_one_of_seven_49():
    stack, large = StackedConv2D(10, 7, use_bias=False), Conv2D(10, 7, use_bias=False)
    for layer in (stack, large):
        layer.build((None, 9, 9, 10))
    assert stack.count_params() == 27 * 10**2
    assert large.count_params() == 49 * 10**2


@pytest.mark.parametrize(("size", "small", "number"), [(7, 3, 3), (9, 5, 2), (3, 3, 1), (4, 2, 3)])
def test_sees_as_far_as_the_large_kernel(size, small, number):
    stack = StackedConv2D(
        2, size, small_kernel_size=small, padding="valid", kernel_initializer="ones"
    )
    assert stack.compute_output_shape((None, 12, 13, 2)) == (None, 13 - size, 14 - size, 2)
    x = np.zeros((1, 12, 13, 1), "float32")
    x[0, 5, 5] = 1
    seen = numpy(stack(x))[0, ..., 0] > 0
    large = Conv2D(1, size, kernel_initializer="ones")
    np.testing.assert_array_equal(seen, numpy(large(x))[0, ..., 0] > 0)
    assert len(stack.trainable_weights) == 2 * number


def test_definition(rng):
    x = rng.normal(size=(2, 7, 8, 2)).astype("float32")
    layer = StackedConv2D(3, 5, activation="relu")
    layer.build(x.shape)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    k1, b1, k2, b2 = layer.get_weights()
    y = np.maximum(convolve(x, k1, padding="same") + b1, 0)
    y = np.maximum(convolve(y, k2, padding="same") + b2, 0)
    np.testing.assert_allclose(numpy(layer(x)), y, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(("size", "small"), [(6, 3), (7, 1), (1, 3), (5, 4)])
def test_sizes_that_do_not_fit_are_named(size, small):
    with pytest.raises(ValueError, match=f"must divide.*small_kernel_size={small}, kernel_size="):
        StackedConv2D(4, size, small_kernel_size=small)
