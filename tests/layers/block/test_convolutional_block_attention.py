"""ConvolutionalBlockAttention: the formula in NumPy, both data formats, its weights."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import ConvolutionalBlockAttention


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("use_bias", [False, True])
def test_definition(data_format, use_bias, rng):
    x = rng.normal(size=(2, 4, 5, 6)).astype("float32")
    moved = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    layer = ConvolutionalBlockAttention(
        3, (3, 5), use_bias=use_bias, data_format=data_format, activation="tanh"
    )
    layer.build(moved.shape)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    weights = layer.get_weights()
    w1, b1, w2, b2, w3, b3 = weights if use_bias else [w for v in weights for w in (v, 0)]

    def gate(s):
        return np.tanh(s @ w1 + b1) @ w2 + b2

    u = x * sigmoid(gate(x.mean((1, 2))) + gate(x.max((1, 2))))[:, None, None]
    maps = np.stack([u.mean(-1), u.max(-1)], -1)
    expected = u * sigmoid(convolve(maps, w3, padding="same") + b3)
    y = keras.ops.convert_to_numpy(layer(moved))
    y = y if data_format == "channels_last" else y.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(y, expected, atol=1e-5)


def test_weights_are_those_of_squeeze_excite_and_one_kernel():
    layer = ConvolutionalBlockAttention(16, use_bias=False)
    layer.build((None, 8, 8, 64))
    assert layer.count_params() == 2 * 64 * 64 // 16 + 7 * 7 * 2


def test_a_seeded_initializer_gives_two_layers_alike():
    initializer = keras.initializers.GlorotUniform(seed=1)
    layers = [ConvolutionalBlockAttention(2, kernel_initializer=initializer) for _ in range(2)]
    for layer in layers:
        layer.build((None, 4, 4, 4))
    for first, second in zip(*(layer.get_weights() for layer in layers), strict=True):
        np.testing.assert_array_equal(first, second)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`reduction_ratio` must be a positive integer.*=0"):
        ConvolutionalBlockAttention(0)
    with pytest.raises(ValueError, match="`kernel_size` must be .*kernel_size=.3, 0."):
        ConvolutionalBlockAttention(4, (3, 0))
    with pytest.raises(ValueError, match="expected ndim=4"):
        ConvolutionalBlockAttention()(np.zeros((2, 3, 4), "float32"))
