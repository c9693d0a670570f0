"""TrueConv3D: an impulse gives the kernel back, not turned."""

import keras
import numpy as np

from kerasbook.layers import TrueConv3D


def test_an_impulse_gives_the_kernel(rng):
    kernel = rng.normal(size=(2, 3, 4)).astype("float32")
    layer = TrueConv3D(1, (2, 3, 4), padding="full", use_bias=False)
    layer.build((1, 1, 1, 1, 1))
    layer.set_weights([kernel[..., None, None]])
    y = keras.ops.convert_to_numpy(layer(np.ones((1, 1, 1, 1, 1), "float32")))
    np.testing.assert_array_equal(y[0, ..., 0], kernel)
