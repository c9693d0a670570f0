"""Functions of images compiled as one piece, where the backend can."""

import keras


def compiled(function):
    """Returns a function that XLA compiles as one piece, once for each shape it meets.

    On TensorFlow a call whose arguments have unknown sizes runs as it is, and so does one in a
    graph that XLA compiles anyway; on torch every call does.

    Args:
        function: A function of tensors, without side effects.

    Returns:
        A function with the same arguments and results.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        compiled_function = tf.function(function, jit_compile=True, autograph=False)

        def call(*arguments):
            shapes = [tf.convert_to_tensor(x).shape for x in tf.nest.flatten(arguments)]
            static = all(shape.is_fully_defined() for shape in shapes)
            # In eager mode every size is known; in a graph only what the signature says. The
            # batch may be unknown: XLA compiles for the sizes that come.
            if static or all(shape[1:].is_fully_defined() for shape in shapes if shape.rank):
                return compiled_function(*arguments)
            return function(*arguments)

        return call
    if backend == "jax":
        import jax

        return jax.jit(function)
    return function
