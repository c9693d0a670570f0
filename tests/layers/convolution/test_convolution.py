"""The base of the convolutions: Keras' arguments, and each rank against Keras and NumPy."""

import inspect

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook import layers

RANKS = {1: layers.Conv1D, 2: layers.Conv2D, 3: layers.Conv3D}
SHAPES = {1: (2, 11, 6), 2: (2, 9, 10, 6), 3: (2, 5, 7, 6, 6)}


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize("rank", RANKS)
def test_arguments_are_those_of_keras_in_the_same_order(rank):
    ours = inspect.signature(RANKS[rank].__init__).parameters
    theirs = inspect.signature(getattr(keras.layers, f"Conv{rank}D").__init__).parameters
    assert list(ours) == list(theirs)
    for name in ours:  # one integer stands for one of each axis
        values = (theirs[name].default, (ours[name].default,) * rank)
        assert ours[name].default == values[0] or values[0] == values[1], name


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize(
    "options",
    [
        {"strides": 2, "padding": "same", "activation": "relu"},
        {"groups": 3, "padding": "same"},
        {"dilation_rate": 2, "use_bias": False},
    ],
)
def test_drop_in_for_keras(rank, options, rng):
    x = rng.normal(size=SHAPES[rank]).astype("float32")
    ours = RANKS[rank](6, 3, **options)
    theirs = getattr(keras.layers, f"Conv{rank}D")(6, 3, **options)
    ours.build(x.shape)
    theirs.build(x.shape)
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]
    ours.set_weights([rng.normal(size=w.shape) for w in ours.weights])
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(numpy(ours(x)), numpy(theirs(x)), atol=2e-5)


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("padding", ["valid", "same", "full"])
def test_strides_dilation_and_groups_at_once(rank, padding, rng):
    x = rng.normal(size=SHAPES[rank]).astype("float32")
    strides, rates = (2, 1, 3)[:rank], (1, 2, 2)[:rank]
    layer = RANKS[rank](4, 2, strides, padding, dilation_rate=rates, groups=2)
    layer.build(x.shape)
    expected = convolve(x, numpy(layer.kernel), strides, padding, rates)
    y = numpy(layer(x))
    np.testing.assert_allclose(y, expected, atol=1e-4)
    assert y.shape == layer.compute_output_shape(x.shape)
    first = RANKS[rank](
        4, 2, strides, padding, "channels_first", dilation_rate=rates, groups=2, use_bias=True
    )
    moved = np.moveaxis(x, -1, 1)
    first.build(moved.shape)
    first.set_weights([numpy(layer.kernel), np.arange(4.0)])
    y = np.moveaxis(numpy(first(moved)), 1, -1)
    np.testing.assert_allclose(y, expected + np.arange(4), atol=1e-4)


@pytest.mark.parametrize("rank", RANKS)
def test_groups_divide_the_weights(rank):
    for groups in (1, 2, 3, 6):
        layer = RANKS[rank](12, 3, groups=groups, use_bias=False)
        layer.build((None, *(8,) * rank, 12))
        assert layer.count_params() * groups == 3**rank * 144


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv1D(2, 3),
        layers.Conv3D(2, 3, groups=2),
        layers.DepthwiseConv2D(3),
        layers.LocallyConnected2D(2, 3),
        layers.TiledConv2D(2, 3, tile=2),
        layers.DropConnectConv2D(2, 3),
        layers.ResidualBlock(2),
    ],
    ids=lambda layer: layer.name,
)
def test_inputs_that_are_no_floats_are_named(layer):
    x = np.ones((1, *(6,) * (layer.input_spec.ndim - 2), 2), "int32")
    with pytest.raises(ValueError, match="`inputs` must hold floats.*of dtype int32"):
        layer(x)
