"""Compiled functions give what the functions give, for known and unknown sizes."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasbook.ops import compiled


def doubled(x, rows):
    return 2 * x + ops.cast(rows, x.dtype)[:, None]


def test_as_the_function_itself(rng):
    x, rows = rng.normal(size=(3, 4)).astype("float32"), np.arange(3)
    result = compiled(doubled)(ops.convert_to_tensor(x), ops.convert_to_tensor(rows))
    np.testing.assert_allclose(ops.convert_to_numpy(result), 2 * x + rows[:, None])


@pytest.mark.tensorflow
@pytest.mark.parametrize("shape", [(None, 4), (None, None)])
def test_in_a_graph_of_unknown_sizes(shape, rng):
    import tensorflow as tf

    spec = tf.TensorSpec(shape, "float32"), tf.TensorSpec((None,), "int32")
    graph = tf.function(compiled(doubled), input_signature=spec)
    x = rng.normal(size=(3, 4)).astype("float32")
    np.testing.assert_allclose(graph(x, np.arange(3, dtype="int32")), 2 * x + np.arange(3)[:, None])
    # XLA compiles all that has one unknown size at most, the batch's.
    names = {op.type for op in graph.get_concrete_function().graph.get_operations()}
    assert ("Mul" in names) == (shape == (None, None))


def test_one_trace_for_each_shape():
    traces = []

    def function(x):
        traces.append(x.shape)
        return x + 1

    call = compiled(function)
    for _ in range(3):
        call(ops.zeros((2, 3)))
    if keras.backend.backend() != "torch":
        assert len(traces) == 1
    call(ops.zeros((5, 3)))
    if keras.backend.backend() != "torch":
        assert len(traces) == 2
