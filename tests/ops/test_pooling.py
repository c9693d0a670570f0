"""Kernels of pooling: taps, and sizes that are unknown until they run."""

import keras
import numpy as np
import pytest
from definitions import windows

from kerasbook.ops import lp_pool, max_pool_with_argmax, max_unpool, window_taps

GEOMETRIES = [
    (pool_size, strides, padding)
    for pool_size in ((1, 1), (2, 3), (3, 2), (5, 4))
    for strides in ((1, 2), (3, 1), (2, 2), (4, 5))
    for padding in ("valid", "same")
]


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_taps_are_the_pixels_of_windows(rng, geometry):
    x = rng.normal(size=(2, 6, 9, 2)).astype("float32")
    taps = [keras.ops.convert_to_numpy(tap) for tap in window_taps(x, *geometry, 7.0)]
    np.testing.assert_array_equal(np.stack(taps, -1), windows(x, *geometry, fill=7))


@pytest.mark.tensorflow
@pytest.mark.parametrize("geometry", GEOMETRIES[::3])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_sizes_may_be_unknown(rng, geometry, jit_compile):
    import tensorflow as tf

    x = rng.normal(size=(2, 6, 9, 2)).astype("float32")

    def pool(x):
        values, indices = max_pool_with_argmax(x, *geometry)
        height, width = keras.ops.shape(x)[1:3]
        return (
            window_taps(x, *geometry, 0.0),
            lp_pool(x, 3, *geometry),
            values,
            indices,
            max_unpool(values, indices, height, width),
        )

    signature = [tf.TensorSpec([None, None, None, 2])]
    open_pool = tf.function(pool, input_signature=signature, jit_compile=jit_compile)
    for one, other in zip(
        keras.tree.flatten(open_pool(x)), keras.tree.flatten(pool(x)), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5)
