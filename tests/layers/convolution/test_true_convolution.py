"""True convolutions of each rank: the definition, np.convolve, Conv where nothing is to flip."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook import layers

RANKS = {1: layers.TrueConv1D, 2: layers.TrueConv2D, 3: layers.TrueConv3D}
SHAPES = {1: (2, 11, 4), 2: (2, 8, 9, 4), 3: (2, 5, 6, 7, 4)}


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize(
    "options",
    [
        {"padding": "full", "groups": 2},
        {"padding": "same", "strides": 2},
        {"dilation_rate": 2, "activation": "tanh"},
    ],
)
def test_weighs_what_lies_behind(rank, options, rng):
    x = rng.normal(size=SHAPES[rank]).astype("float32")
    layer = RANKS[rank](6, tuple(range(3, 1, -1))[:rank] if rank < 3 else (3, 2, 1), **options)
    layer.build(x.shape)
    layer.bias.assign(rng.normal(size=6))
    kernel, bias = layer.get_weights()
    flipped = np.zeros_like(kernel)
    for tap in np.ndindex(*layer.kernel_size):
        opposite = tuple(k - 1 - u for k, u in zip(layer.kernel_size, tap, strict=True))
        flipped[opposite] = kernel[tap]
    y = convolve(x, flipped, layer.strides, layer.padding, layer.dilation_rate) + bias
    expected = np.tanh(y) if "activation" in options else y
    np.testing.assert_allclose(numpy(layer(x)), expected, atol=1e-5)


@pytest.mark.parametrize("rank", RANKS)
def test_equals_the_cross_correlation_for_a_symmetric_kernel_only(rank, rng):
    x = rng.normal(size=SHAPES[rank]).astype("float32")
    true = RANKS[rank](6, 3, padding="same")
    plain = getattr(layers, f"Conv{rank}D")(6, 3, padding="same")
    for layer in (true, plain):
        layer.build(x.shape)
    kernel, bias = plain.get_weights()
    true.set_weights([kernel, bias])
    assert np.abs(numpy(true(x)) - numpy(plain(x))).max() > 0.1
    for layer in (true, plain):
        layer.set_weights([kernel + np.flip(kernel, tuple(range(rank))), bias])
    np.testing.assert_allclose(numpy(true(x)), numpy(plain(x)), atol=1e-5)
    assert isinstance(true, type(plain))


def test_arguments_are_named_and_checked():
    with pytest.raises(ValueError, match="`filters` must be a positive integer.*filters=0"):
        layers.TrueConv2D(0, 3)
    with pytest.raises(TypeError):
        layers.TrueConv2D(4, 3, 2)
