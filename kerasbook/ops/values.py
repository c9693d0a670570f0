"""Which tensors have values now, not only in a graph that runs later."""

import keras
from keras import ops


def values_at_hand(tensors):
    """Returns tensors as NumPy arrays, or `None` if one has no value yet.

    Args:
        tensors: List of tensors, eager, of a graph, traced or symbolic.
    """
    backend = keras.backend.backend()
    if any(isinstance(x, keras.KerasTensor) for x in tensors):
        return None
    if backend == "tensorflow" and not all(hasattr(x, "numpy") for x in tensors):
        return None
    if backend == "jax":
        import jax

        if any(isinstance(x, jax.core.Tracer) for x in tensors):
            return None
    return [ops.convert_to_numpy(x) for x in tensors]


def variable_at_hand(variable):
    """Returns a Keras variable as a NumPy array, or `None` if it can't be known.

    It can be known in a graph of TensorFlow that is being traced to be run. It can't while a
    model is described alone, as when it is built or loaded, before its weights have come, nor in
    the traces of JAX, where variables are arguments.
    """
    with keras.StatelessScope(initialize_variables=False) as scope:
        if scope.original_scope is not None:
            return None
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.init_scope():
            return ops.convert_to_numpy(variable)
    return ops.convert_to_numpy(variable)
