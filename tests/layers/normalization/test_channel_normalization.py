"""The base of normalizations of channels: its weights, its axis, its errors."""

import keras
import numpy as np
import pytest

from kerasbook import layers
from kerasbook.layers.normalization.channel_normalization import ChannelNormalization


class Affine(ChannelNormalization):
    """Scales and shifts each channel."""

    def call(self, inputs):
        return self.over_last_axis(lambda x: x * self.gamma + self.beta, inputs)


def test_weights_follow_the_arguments_of_their_names():
    layer = Affine(gamma_initializer="zeros", gamma_regularizer="l2", beta_constraint="non_neg")
    layer.build((None, 5, 3))
    assert [w.name for w in layer.weights] == ["gamma", "beta"]
    assert not np.any(keras.ops.convert_to_numpy(layer.gamma))
    assert type(layer.gamma.regularizer) is keras.regularizers.L2
    assert type(layer.beta.constraint) is keras.constraints.NonNeg
    bare = Affine(center=False, scale=False)
    bare.build((None, 5, 3))
    assert bare.weights == []


def test_the_channels_may_stand_anywhere(rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    layer = Affine(axis=1)
    layer.build(x.shape)
    layer.set_weights([np.arange(3.0), np.ones(3)])
    y = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, x * np.arange(3.0)[:, None, None] + 1, rtol=1e-6)


@pytest.mark.parametrize("epsilon", [0, -1e-3, None, True, "1e-3", float("nan")])
def test_bad_epsilon_is_named(epsilon):
    with pytest.raises(ValueError, match="`epsilon` must be above 0. Received: epsilon="):
        Affine(epsilon=epsilon)


@pytest.mark.tensorflow
@pytest.mark.parametrize("make", [layers.BatchRenormalization, layers.FilterResponseNormalization])
def test_a_mask_is_passed_on_but_not_used(make, rng):
    x = rng.normal(size=(2, 4, 3)).astype("float32")
    x[:, 3:] = 0
    y = make()(keras.layers.Masking()(x), training=True)
    np.testing.assert_array_equal(y._keras_mask, np.any(x, axis=-1))
    np.testing.assert_array_equal(y, make()(x, training=True))
