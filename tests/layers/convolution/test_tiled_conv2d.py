"""TiledConv2D: who uses which kernel, and open sizes."""

import keras
import numpy as np

from kerasbook.layers import TiledConv2D


def test_place_i_j_uses_kernel_i_mod_2_j_mod_3():
    layer = TiledConv2D(1, 1, tile=(2, 3), use_bias=False)
    layer.build((None, None, None, 1))
    layer.set_weights([np.arange(6.0).reshape(1, 1, 2, 3, 1, 1)])
    y = keras.ops.convert_to_numpy(layer(np.ones((1, 5, 7, 1), "float32")))[0, ..., 0]
    expected = [[3 * (i % 2) + j % 3 for j in range(7)] for i in range(5)]
    assert y.tolist() == expected
    assert layer.compute_output_shape((None, None, 7, 1)) == (None, None, 7, 1)
