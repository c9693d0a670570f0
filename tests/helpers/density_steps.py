"""One step of a model whose targets are far away, on any backend."""

import keras
import numpy as np


def gradients_of(head, loss, policy, distance):
    """Returns the loss and the gradients of a model in a policy, as NumPy arrays.

    A hidden layer of the policy stands below the head, and the targets are so many scales away.
    """
    rng = np.random.default_rng(0)
    hidden = keras.layers.Dense(6, "tanh", dtype=policy)
    arguments = {**head.get_config(), "dtype": policy}
    head = type(head).from_config(arguments)
    model = keras.Sequential([keras.Input((3,)), hidden, head])
    x = rng.normal(size=(8, 3)).astype("float32")
    scale = float(np.log(2)) + head.min_scale  # of a head that has not learned, about
    sides = np.where(rng.normal(size=(8, head.output_size)) > 0, 1, -1)
    y = (sides * distance * scale).astype("float32")
    variables = model.trainable_variables
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        gradients = tape.gradient(value, [variable.value for variable in variables])
    elif backend == "jax":
        import jax

        others = [v.value for v in model.non_trainable_variables]

        def value_of(values):
            return loss(y, model.stateless_call(values, others, x)[0])

        value, gradients = jax.jit(jax.value_and_grad(value_of))([v.value for v in variables])
    else:
        value = loss(y, model(x, training=True))
        value.backward()
        gradients = [variable.value.grad for variable in variables]
    to_numpy = keras.ops.convert_to_numpy
    return float(to_numpy(value)), [to_numpy(gradient) for gradient in gradients]
