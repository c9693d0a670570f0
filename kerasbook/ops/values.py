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
