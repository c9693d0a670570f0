"""ChannelShuffle: its definition, its inverse and its purpose."""

import keras
import numpy as np
import pytest

from kerasbook.layers import ChannelShuffle


def test_definition_on_both_axes(rng):
    x = rng.normal(size=(2, 4, 3, 6)).astype("float32")
    expected = x.reshape(2, 4, 3, 3, 2).swapaxes(-1, -2).reshape(x.shape)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(ChannelShuffle(3)(x)), expected)
    first = ChannelShuffle(3, axis=1)(x.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(first), expected.transpose(0, 3, 1, 2))


def test_shuffles_of_complementary_groups_undo_each_other(rng):
    x = rng.normal(size=(2, 12)).astype("float32")
    y = ChannelShuffle(4)(ChannelShuffle(3)(x))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(y), x)


def test_each_group_afterwards_holds_channels_of_every_group():
    origins = np.repeat(np.arange(3), 3)[None]  # the group of each channel
    y = keras.ops.convert_to_numpy(ChannelShuffle(3, dtype="int32")(origins))
    assert y.reshape(3, 3).tolist() == [[0, 1, 2]] * 3


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`groups` must be a positive integer.*groups=0"):
        ChannelShuffle(0)
    with pytest.raises(ValueError, match="`groups` must divide.*groups=4, channels=6"):
        ChannelShuffle(4)(np.zeros((1, 6)))


@pytest.mark.tensorflow
def test_a_mask_is_passed_on_unless_its_axis_holds_the_channels(rng):
    x = keras.layers.Masking()(rng.normal(size=(2, 4, 6)).astype("float32"))
    y = ChannelShuffle(3)(x)
    np.testing.assert_array_equal(y._keras_mask, x._keras_mask)
    with pytest.warns(UserWarning, match="does not support mask"):
        y = ChannelShuffle(2, axis=1)(x)
    assert not hasattr(y, "_keras_mask")
