"""Functions of images compiled as one piece, where the backend can."""

import keras


def compiled(function):
    """Returns a function that XLA compiles as one piece, once for each shape it meets.

    On TensorFlow a call whose arguments have unknown sizes, but for the batch's, runs as it is;
    on torch every call does.

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
            if tf.executing_eagerly() and any(0 in shape for shape in shapes[:1]):
                return function(*arguments)  # XLA takes the first image of a batch in any case
            # In eager mode every size is known; in a graph only what the signature says.
            if all(s.rank is not None and s[1:].is_fully_defined() for s in shapes):
                return compiled_function(*arguments)
            return function(*arguments)

        return call
    if backend == "jax":
        import jax

        return jax.jit(function)
    return function
