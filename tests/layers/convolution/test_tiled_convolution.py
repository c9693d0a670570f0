"""Tiled convolutions of both ranks, between a convolution and a locally connected layer."""

import keras
import numpy as np
import pytest

from kerasbook import layers

RANKS = {1: layers.TiledConv1D, 2: layers.TiledConv2D}
SHAPES = {1: (2, 11, 3), 2: (2, 7, 8, 3)}
OPTIONS = [{}, {"strides": 2, "padding": "same"}, {"dilation_rate": 2, "activation": "tanh"}]


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("options", OPTIONS)
def test_a_tile_of_one_is_a_convolution(rank, options, rng):
    x = rng.normal(size=SHAPES[rank]).astype("float32")
    tiled = RANKS[rank](4, 3, tile=1, **options)
    shared = getattr(layers, f"Conv{rank}D")(4, 3, **options)
    shared.build(x.shape)
    shared.bias.assign(rng.normal(size=4))
    tiled.build(x.shape)
    tiled.kernel.assign(np.reshape(numpy(shared.kernel), tiled.kernel.shape))
    tiled.bias.assign(np.reshape(numpy(shared.bias), tiled.bias.shape))
    np.testing.assert_allclose(numpy(tiled(x)), numpy(shared(x)), atol=1e-5)
    assert tiled.count_params() == shared.count_params()


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("options", OPTIONS)
def test_a_tile_of_the_outputs_size_is_locally_connected(rank, options, rng):
    x = rng.normal(size=SHAPES[rank]).astype("float32")
    local = getattr(layers, f"LocallyConnected{rank}D")(4, 3, **options)
    local.build(x.shape)
    local.bias.assign(rng.normal(size=local.bias.shape))
    tiled = RANKS[rank](4, 3, tile=local.compute_output_shape(x.shape)[1:-1], **options)
    tiled.build(x.shape)
    tiled.set_weights(local.get_weights())  # of the same shapes
    np.testing.assert_allclose(numpy(tiled(x)), numpy(local(x)), atol=1e-5)


@pytest.mark.parametrize(("rank", "tile"), [(1, 3), (2, 3), (2, (2, 5))])
def test_weights_grow_by_the_tile(rank, tile):
    tiled, shared = RANKS[rank](4, 3, tile=tile), getattr(layers, f"Conv{rank}D")(4, 3)
    for layer in (tiled, shared):
        layer.build((None, *(None,) * rank, 5))
    assert tiled.count_params() == np.prod(tiled.tile) * shared.count_params()


def test_the_variance_of_the_start_is_that_of_a_convolution():
    tiled, shared = layers.TiledConv2D(32, 3, tile=4), layers.Conv2D(32, 3)
    for layer in (tiled, shared):
        layer.build((None, 9, 9, 16))
    deviations = [float(keras.ops.std(layer.kernel)) for layer in (tiled, shared)]
    assert abs(deviations[0] / deviations[1] - 1) < 0.03


@pytest.mark.parametrize("tile", [0, (2, -1), (1, 2, 3), True, 1.5])
def test_bad_tiles_are_named(tile):
    with pytest.raises(ValueError, match="`tile` must be a positive integer or 2 of them.*tile="):
        layers.TiledConv2D(4, 3, tile=tile)


def test_kernels_larger_than_the_inputs_are_named():
    with pytest.raises(ValueError, match="must not be larger than the inputs"):
        layers.TiledConv1D(4, 5, tile=2).build((None, 4, 3))
