"""ShuffledGroupConv2D: the order of its filters, and that two of them mix all channels."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import GroupedConv2D, ShuffledGroupConv2D


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_filter_g_n_plus_i_comes_out_as_i_groups_plus_g(data_format, rng):
    x = rng.normal(size=(2, 5, 7, 4)).astype("float32")
    layer = ShuffledGroupConv2D(6, 3, groups=2, data_format=data_format)
    moved = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    layer.build(moved.shape)
    plain = convolve(x, numpy(layer.kernel), padding="same")
    expected = np.stack([plain[..., 3 * (k % 2) + k // 2] for k in range(6)], -1)
    y = numpy(layer(moved))
    y = y if data_format == "channels_last" else y.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(y, expected, atol=1e-5)


@pytest.mark.parametrize(("kind", "channels"), [(ShuffledGroupConv2D, 6), (GroupedConv2D, 2)])
def test_after_two_of_them_every_output_sees_every_channel(kind, channels):
    layers = [kind(9, 1, groups=3, kernel_initializer="ones") for _ in range(2)]
    seen = np.zeros((6, 9))
    for channel in range(6):
        x = np.zeros((1, 1, 1, 6), "float32")
        x[..., channel] = 1
        for layer in layers:
            x = layer(x)
        seen[channel] = numpy(x).ravel() > 0
    assert set(seen.sum(0)) == {channels}
