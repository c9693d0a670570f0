"""Values and gradients of functions with known ones."""

import keras
import numpy as np
from keras import ops

from kerasbook.ops import compiled, value_and_gradients


def gradients_of(function, arrays, call=value_and_gradients):
    value, gradients = call(function, [ops.convert_to_tensor(x) for x in arrays])
    return ops.convert_to_numpy(value), [ops.convert_to_numpy(g) for g in gradients]


def test_of_a_known_function(rng):
    x, y = rng.normal(size=(3, 4)).astype("float32"), rng.normal(size=4).astype("float32")
    value, (of_x, of_y) = gradients_of(lambda v: ops.sum(ops.sin(v[0]) * v[1]), [x, y])
    np.testing.assert_allclose(value, (np.sin(x) * y).sum(), rtol=1e-5)
    np.testing.assert_allclose(of_x, np.cos(x) * y, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(of_y, np.sin(x).sum(0), rtol=1e-5, atol=1e-6)


def test_what_is_not_used_has_zeros():
    _, (used, unused) = gradients_of(lambda v: ops.sum(v[0]), [np.ones(2, "f"), np.ones(3, "f")])
    np.testing.assert_array_equal(used, [1, 1])
    np.testing.assert_array_equal(unused, [0, 0, 0])


def test_rows_that_are_taken_twice_add_up():
    table, rows = np.ones((4, 2), "float32"), np.array([1, 3, 1])
    _, (slopes,) = gradients_of(lambda v: ops.sum(ops.take(v[0], rows, axis=0)), [table])
    np.testing.assert_array_equal(slopes, [[0, 0], [2, 2], [0, 0], [1, 1]])


def test_compiled(rng):
    x = rng.normal(size=(3, 4)).astype("float32")

    def call(function, tensors):
        return compiled(lambda t: value_and_gradients(function, t))(tensors)

    value, (slopes,) = gradients_of(lambda v: ops.sum(v[0] ** 2), [x], call)
    np.testing.assert_allclose(value, (x**2).sum(), rtol=1e-5)
    np.testing.assert_allclose(slopes, 2 * x, rtol=1e-5)


def test_a_result_is_no_part_of_a_graph():
    value, (slopes,) = value_and_gradients(lambda v: v[0] * v[0], [ops.convert_to_tensor(3.0)])
    if keras.backend.backend() == "torch":
        assert not value.requires_grad
        assert not slopes.requires_grad
    assert (float(value), float(slopes)) == (9, 6)
