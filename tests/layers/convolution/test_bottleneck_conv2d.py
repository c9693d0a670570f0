"""BottleneckConv2D: the book's count of weights, its definition."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import BottleneckConv2D


@pytest.mark.parametrize(("channels", "filters", "k"), [(20, 64, 3), (16, 256, 5)])
def test_weights_of_the_book(channels, filters, k):
    layer = BottleneckConv2D(filters, k, use_bias=False)
    layer.build((None, 8, 8, channels))
    root = filters**0.5
    assert layer.count_params() == channels * root + k**2 * filters + filters * root


def test_definition(rng):
    x = rng.normal(size=(2, 6, 7, 3)).astype("float32")
    layer = BottleneckConv2D(
        5, (3, 2), bottleneck_filters=4, strides=(2, 1), padding="valid", activation="tanh"
    )
    layer.build(x.shape)
    k1, b1, k2, b2, k3, b3 = layer.get_weights()
    y = np.tanh(convolve(x, k1) + b1)
    y = np.tanh(convolve(y, k2, (2, 1)) + b2)
    y = np.tanh(convolve(y, k3) + b3)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), y, atol=1e-5)
    assert layer.compute_output_shape(x.shape) == y.shape


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`bottleneck_filters` must be .*bottleneck_filters=0"):
        BottleneckConv2D(4, 3, bottleneck_filters=0)
    with pytest.raises(ValueError, match="`padding` must be one of .*padding='full'"):
        BottleneckConv2D(4, 3, padding="full")
