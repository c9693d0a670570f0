"""Kernels of pooling where sizes are unknown until they run; the layers' tests have the rest."""

import keras
import numpy as np
import pytest

from kerasbook.ops import lp_pool, max_pool_with_argmax, max_unpool

GEOMETRIES = [
    (pool_size, strides, padding)
    for pool_size in ((1, 1), (2, 3), (3, 2), (5, 4))
    for strides in ((1, 2), (3, 1), (2, 2), (4, 5))
    for padding in ("valid", "same")
]


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


@pytest.mark.parametrize("norm_type", [3, 4.5, 64])
@pytest.mark.parametrize("size", [1e-30, 1e-12, 5.0, 1e30])
def test_high_powers_neither_overflow_nor_vanish(norm_type, size):
    x = np.full((1, 2, 4, 1), size, "float32")
    outputs = keras.ops.convert_to_numpy(lp_pool(x, norm_type, (2, 2), (1, 2), "valid"))
    np.testing.assert_allclose(outputs, size * 4 ** (1 / norm_type), rtol=1e-5)


@pytest.mark.parametrize("norm_type", [1, 2, 3])
def test_a_nan_stays(norm_type):
    x = np.ones((1, 2, 4, 1), "float32")
    x[0, 1, 0, 0] = np.nan
    outputs = keras.ops.convert_to_numpy(lp_pool(x, norm_type, (2, 2), (2, 2), "valid"))
    np.testing.assert_array_equal(np.ravel(np.isnan(outputs)), [True, False])
