"""Small steps of image kernels against NumPy."""

import keras
import numpy as np
from keras import ops

from kerasbook.ops import compiled, count_values, kept, map_images, rows_at, widest_float


def test_map_images_goes_row_by_row(rng):
    images = rng.integers(0, 200, (4, 3, 5, 2)).astype("uint8")
    more = np.array([1, 20, 3, 40], "uint8")

    def function(image, number):
        return image + number

    for call in (map_images, compiled(lambda *rows: map_images(function, *rows))):
        arguments = (ops.convert_to_tensor(images), ops.convert_to_tensor(more))
        found = call(function, *arguments) if call is map_images else call(*arguments)
        np.testing.assert_array_equal(found, images + more[:, None, None, None])


def test_rows_at(rng):
    values, indices = rng.normal(size=(7, 3)), rng.integers(0, 7, (2, 5))
    found = rows_at(ops.convert_to_tensor(values), ops.convert_to_tensor(indices))
    np.testing.assert_allclose(ops.convert_to_numpy(found), values[indices], rtol=1e-6)


def test_count_values(rng):
    values = rng.integers(0, 11, (13, 29)).astype("int32")
    counts = ops.convert_to_numpy(count_values(ops.convert_to_tensor(values), 12))
    np.testing.assert_array_equal(counts, np.bincount(values.ravel(), minlength=12))
    assert counts.dtype == "int32"


def test_kept_is_the_same_vector(rng):
    values = rng.integers(0, 256, 40).astype("uint8")
    found = ops.convert_to_numpy(kept(ops.convert_to_tensor(values)))
    np.testing.assert_array_equal(found, values)
    assert found.dtype == "uint8"


def test_widest_float_is_a_dtype_that_the_backend_keeps():
    dtype = keras.backend.standardize_dtype(ops.zeros((1,), widest_float()).dtype)
    assert dtype == widest_float()
