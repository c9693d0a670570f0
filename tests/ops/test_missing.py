"""NaN is refused with its count: eagerly, in graphs, and under JAX's jit."""

import keras
import numpy as np
import pytest

from kerasbook.ops import refuse_nan

GOOD = np.array([[1.0, -np.inf], [0.0, 2.0]], "float32")
BAD = np.array([[1.0, np.nan], [np.nan, np.nan]], "float32")


def test_values_at_hand():
    good = keras.ops.convert_to_tensor(GOOD)
    assert refuse_nan("y", good) is good
    with pytest.raises(ValueError, match="`y` must hold no NaN. Received: NaN count = 3"):
        refuse_nan("y", keras.ops.convert_to_tensor(BAD))


def test_symbols_go_through():
    symbol = keras.KerasTensor((None, 2))
    assert refuse_nan("y", symbol) is symbol


@pytest.mark.tensorflow
def test_graph_of_tensorflow():
    import tensorflow as tf

    graph = tf.function(lambda x: refuse_nan("y", x) + 1)
    np.testing.assert_array_equal(graph(GOOD).numpy(), GOOD + 1)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`y` must hold no NaN.*\s.*3"):
        graph(tf.constant(BAD))


@pytest.mark.tensorflow
def test_xla_of_tensorflow_leaves_it_out():
    import tensorflow as tf

    graph = tf.function(lambda x: refuse_nan("y", x) + 1, jit_compile=True)
    np.testing.assert_array_equal(graph(tf.constant(BAD)).numpy(), BAD + 1)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="speaks of JAX's jit")
def test_jit_of_jax():
    import jax

    jitted = jax.jit(jax.grad(lambda x: keras.ops.sum(refuse_nan("y", x) ** 2)))
    np.testing.assert_array_equal(np.asarray(jitted(GOOD)), 2 * GOOD)
    with pytest.raises(jax.errors.JaxRuntimeError, match="`y` must hold no NaN.*count = 3"):
        jax.block_until_ready(jitted(BAD))
