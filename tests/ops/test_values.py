"""Which tensors have values at hand."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasbook.ops import values_at_hand


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
