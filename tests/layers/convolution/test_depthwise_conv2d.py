"""DepthwiseConv2D: Keras' numbers, the definition, errors."""

import inspect

import keras
import numpy as np
import pytest
from helpers.definitions import windows

from kerasbook.layers import DepthwiseConv2D


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize(
    "options",
    [
        {"strides": 2, "padding": "same", "activation": "relu"},
        {"depth_multiplier": 3, "dilation_rate": 2},
        {"depth_multiplier": 2, "use_bias": False},
    ],
)
def test_drop_in_for_keras(options, rng):
    x = rng.normal(size=(2, 9, 10, 5)).astype("float32")
    ours, theirs = DepthwiseConv2D(3, **options), keras.layers.DepthwiseConv2D(3, **options)
    ours.build(x.shape)
    theirs.build(x.shape)
    assert [w.path.split("/")[-1] for w in ours.weights] == [
        w.path.split("/")[-1] for w in theirs.weights
    ]
    ours.set_weights([rng.normal(size=w.shape) for w in ours.weights])
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(numpy(ours(x)), numpy(theirs(x)), atol=1e-5)


def test_definition_in_both_data_formats(rng):
    x = rng.normal(size=(2, 6, 7, 4)).astype("float32")
    layer = DepthwiseConv2D((3, 2), depth_multiplier=2)
    layer.build(x.shape)
    bias = rng.normal(size=8).astype("float32")
    layer.bias.assign(bias)
    seen = windows(x, (3, 2))  # (batch, rows, columns, 3, 2, channels)
    y = np.einsum("bijuvc,uvcd->bijcd", seen, numpy(layer.kernel))
    expected = y.reshape(*y.shape[:3], 8) + bias
    np.testing.assert_allclose(numpy(layer(x)), expected, atol=1e-5)
    first = DepthwiseConv2D((3, 2), depth_multiplier=2, data_format="channels_first")
    first.build((2, 4, 6, 7))
    first.set_weights(layer.get_weights())
    y = numpy(first(x.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(y.transpose(0, 2, 3, 1), expected, atol=1e-5)


def test_arguments_are_those_of_keras_in_the_same_order():
    ours = inspect.signature(DepthwiseConv2D.__init__).parameters
    theirs = inspect.signature(keras.layers.DepthwiseConv2D.__init__).parameters
    assert list(ours) == list(theirs)
    assert {k: v.default for k, v in ours.items()} == {k: v.default for k, v in theirs.items()}


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`padding` must be one of .*padding=None"):
        DepthwiseConv2D(3, padding=None)
    with pytest.raises(ValueError, match="`kernel_size` must be .*kernel_size=0"):
        DepthwiseConv2D(0)
    with pytest.raises(ValueError, match="`strides` must be .*strides=-1"):
        DepthwiseConv2D(3, strides=-1)
    with pytest.raises(ValueError, match="`depth_multiplier` must be .*depth_multiplier=None"):
        DepthwiseConv2D(3, depth_multiplier=None)
    with pytest.raises(ValueError, match="static size"):
        DepthwiseConv2D(3).build((None, 8, 8, None))
