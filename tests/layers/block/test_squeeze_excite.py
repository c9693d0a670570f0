"""SqueezeExcite: the formula in NumPy, both data formats, its weights."""

import keras
import numpy as np
import pytest

from kerasbook.layers import SqueezeExcite


def test_definition(rng):
    x = rng.normal(size=(2, 4, 5, 6)).astype("float32")
    layer = SqueezeExcite(3)
    layer.build(x.shape)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    w1, b1, w2, b2 = layer.get_weights()
    hidden = np.maximum(x.mean((1, 2)) @ w1 + b1, 0)
    gate = 1 / (1 + np.exp(-(hidden @ w2 + b2)))
    expected = x * gate[:, None, None]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), expected, atol=1e-5)

    first = SqueezeExcite(3, data_format="channels_first")
    first.build((2, 6, 4, 5))
    first.set_weights(layer.get_weights())
    y = keras.ops.convert_to_numpy(first(x.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(y, expected.transpose(0, 3, 1, 2), atol=1e-5)


def test_weights_are_two_c_squared_over_r_and_biases():
    layer = SqueezeExcite(16)
    layer.build((None, 8, 8, 64))
    assert layer.count_params() == 2 * 64 * 64 // 16 + 64 // 16 + 64
    narrow = SqueezeExcite(16, use_bias=False)
    narrow.build((None, 8, 8, 4))
    assert [tuple(w.shape) for w in narrow.weights] == [(4, 1), (1, 4)]


def test_a_seeded_initializer_gives_two_layers_alike():
    initializer = keras.initializers.GlorotUniform(seed=1)
    weights = []
    for _ in range(2):
        layer = SqueezeExcite(1, kernel_initializer=initializer)
        layer.build((None, 4, 4, 4))
        weights.append(layer.get_weights()[0])
    np.testing.assert_array_equal(*weights)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`reduction_ratio` must be a positive integer.*=0"):
        SqueezeExcite(0)
    with pytest.raises(ValueError, match="static size"):
        SqueezeExcite(2).build((None, 3, 3, None))
