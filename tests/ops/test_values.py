"""Which tensors have values at hand."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasbook.ops import values_at_hand, variable_at_hand


def test_eager_tensors_have_values_and_symbolic_ones_have_none():
    tensor = ops.convert_to_tensor([1.0, 2.0])
    first, second = values_at_hand([tensor, 2 * tensor])
    np.testing.assert_array_equal(first, [1, 2])
    np.testing.assert_array_equal(second, [2, 4])
    assert values_at_hand([tensor, keras.Input((2,))]) is None


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="torch has no graphs here")
def test_traced_tensors_have_none():
    seen = []

    def function(x):
        seen.append(values_at_hand([x]))
        return x

    if keras.backend.backend() == "jax":
        import jax

        jax.jit(function)(np.ones(2))
    else:
        import tensorflow as tf

        tf.function(function)(tf.ones(2))
    assert seen == [None]


def test_variables_have_values_but_in_a_description():
    variable = keras.Variable(np.array([1.0, 2.0], "float32"))
    np.testing.assert_array_equal(variable_at_hand(variable), [1, 2])
    with keras.StatelessScope():
        assert variable_at_hand(variable) is None
    np.testing.assert_array_equal(variable_at_hand(variable), [1, 2])


@pytest.mark.tensorflow
def test_variables_have_values_in_a_graph_that_is_traced():
    import tensorflow as tf

    variable, seen = keras.Variable(np.array([1.0, 2.0], "float32")), []

    @tf.function
    def function(x):
        seen.append(variable_at_hand(variable))
        return x

    function(tf.ones(2))
    np.testing.assert_array_equal(seen, [[1, 2]])
