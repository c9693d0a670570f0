"""DepthwiseSeparableConv2D: Keras' SeparableConv2D when plain, MobileNet's block when not."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve, windows

from kerasbook.layers import DepthwiseSeparableConv2D


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def test_plain_it_is_keras_separable_convolution(rng):
    x = rng.normal(size=(2, 8, 9, 4)).astype("float32")
    options = {"strides": 2, "padding": "valid", "depth_multiplier": 3}
    ours = DepthwiseSeparableConv2D(5, 3, use_bias=False, **options)
    theirs = keras.layers.SeparableConv2D(5, 3, use_bias=False, **options)
    ours.build(x.shape)
    theirs.build(x.shape)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(numpy(ours(x)), numpy(theirs(x)), atol=1e-5)
    assert ours.count_params() == 9 * 4 * 3 + 4 * 3 * 5


def test_normalization_and_activation_follow_both(rng):
    x = rng.normal(size=(2, 5, 6, 3)).astype("float32")
    layer = DepthwiseSeparableConv2D(4, 3, normalization="batch", activation="relu6")
    layer.build(x.shape)
    layer.set_weights([rng.uniform(0.5, 2, size=w.shape) for w in layer.weights])
    k1, g1, o1, m1, v1, k2, g2, o2, m2, v2 = layer.get_weights()

    def norm(y, gamma, beta, mean, variance):
        return np.clip((y - mean) / np.sqrt(variance + 1e-3) * gamma + beta, 0, 6)

    y = np.einsum("bijuvc,uvcd->bijc", windows(x, (3, 3), padding="same"), k1)
    y = norm(y, g1, o1, m1, v1)
    y = norm(convolve(y, k2), g2, o2, m2, v2)
    np.testing.assert_allclose(numpy(layer(x)), y, atol=1e-4)
    assert not any("bias" in w.path for w in layer.weights)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`depth_multiplier` must be .*depth_multiplier=0"):
        DepthwiseSeparableConv2D(4, 3, depth_multiplier=0)
    with pytest.raises(ValueError, match="`dilation_rate` must be .*dilation_rate=0"):
        DepthwiseSeparableConv2D(4, 3, dilation_rate=0)
