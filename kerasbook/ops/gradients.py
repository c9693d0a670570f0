"""A function's value and its gradients, on every backend."""

import keras


def value_and_gradients(function, variables):
    """Returns the value of a function and its gradients.

    Args:
        function: Function of a list of float tensors, which returns a scalar tensor, without side
            effects.
        variables: List of the tensors where it is evaluated.

    Returns:
        The value, and a list of the gradients with respect to the tensors, of their shapes. Where
        the value does not depend on a tensor they are zeros.
    """
    variables = [keras.ops.convert_to_tensor(x) for x in variables]
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            value = function(variables)
        zeros = tf.UnconnectedGradients.ZERO
        gradients = tape.gradient(value, variables, unconnected_gradients=zeros)
        return value, [tf.convert_to_tensor(g) for g in gradients]  # some come as slices
    if backend == "jax":
        import jax

        return jax.value_and_grad(function)(variables)
    import torch

    with torch.enable_grad():
        variables = [x.detach().requires_grad_() for x in variables]
        value = function(variables)
        gradients = torch.autograd.grad(value, variables, allow_unused=True, materialize_grads=True)
    return value.detach(), list(gradients)
