"""LocallyConnected1D: a matrix with its own numbers in every row."""

import keras
import numpy as np

from kerasbook.layers import LocallyConnected1D


def test_is_a_banded_matrix(rng):
    x = rng.normal(size=(2, 6, 1)).astype("float32")
    layer = LocallyConnected1D(1, 3, use_bias=False)
    layer.build(x.shape)
    kernel = keras.ops.convert_to_numpy(layer.kernel)[..., 0, 0]  # (taps, places)
    matrix = np.zeros((4, 6))
    for place in range(4):
        matrix[place, place : place + 3] = kernel[:, place]
    y = keras.ops.convert_to_numpy(layer(x))[..., 0]
    np.testing.assert_allclose(y, x[..., 0] @ matrix.T, atol=1e-6)
