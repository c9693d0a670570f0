"""LocallyConnected3D: its shapes, and one place by hand."""

import keras
import numpy as np

from kerasbook.layers import LocallyConnected3D


def test_one_place_by_hand(rng):
    x = rng.normal(size=(2, 4, 5, 6, 2)).astype("float32")
    layer = LocallyConnected3D(3, 2, strides=(1, 2, 2))
    layer.build(x.shape)
    assert layer.kernel.shape == (2, 2, 2, 3, 2, 3, 2, 3)
    kernel = keras.ops.convert_to_numpy(layer.kernel)[:, :, :, 2, 1, 0]
    y = keras.ops.convert_to_numpy(layer(x))
    assert y.shape == (2, 3, 2, 3, 3)
    expected = np.tensordot(x[:, 2:4, 2:4, 0:2], kernel, 4)
    np.testing.assert_allclose(y[:, 2, 1, 0], expected, atol=1e-5)
