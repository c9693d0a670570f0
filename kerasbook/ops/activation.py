"""Activations whose gradients are written out, to save passes over memory on TensorFlow."""

import keras
from keras import ops


def swish(inputs, beta=1.0):
    """Returns `x * sigmoid(beta * x)`.

    Args:
        inputs: Float tensor.
        beta: A number, or a tensor of the same rank whose sizes are those of `inputs` or 1. The
            gradient of a tensor is added up in its own dtype.

    Returns:
        Tensor with the shape and dtype of `inputs`.
    """
    fixed = isinstance(beta, (int, float))

    def scaled(x, factor):  # multiplying by one is a pass for nothing
        if fixed:
            return x if beta == 1 else beta * x
        return ops.cast(factor, x.dtype) * x

    if keras.backend.backend() != "tensorflow":
        return inputs * ops.sigmoid(scaled(inputs, beta))
    import tensorflow as tf

    def activate(x, beta):
        gate = tf.sigmoid(scaled(x, beta))

        def gradient(upstream):
            # y' = s + beta x s (1 - s), and the slope in beta is x^2 s (1 - s).
            bent = tf.raw_ops.SigmoidGrad(y=gate, dy=upstream) * x
            of_x = upstream * gate + scaled(bent, beta)
            if fixed:
                return of_x
            axes = [axis for axis, size in enumerate(beta.shape) if size == 1]
            of_beta = tf.reduce_sum(tf.cast(bent * x, beta.dtype), axes, keepdims=True)
            return of_x, of_beta

        return x * gate, gradient

    if fixed:
        return tf.custom_gradient(lambda x: activate(x, beta))(inputs)
    return tf.custom_gradient(activate)(inputs, tf.convert_to_tensor(beta))


def heaviside(inputs, value_at_zero=1.0, straight_through="identity"):
    """Returns 0 below zero, 1 above it and `value_at_zero` at it, with a gradient of choice.

    Args:
        inputs: Float tensor.
        value_at_zero: The value at zero.
        straight_through: `"identity"` hands the gradient on as if nothing had been done,
            `"clipped"` the same where the magnitude of the inputs is at most 1, and zero
            elsewhere; `None` gives the true gradient, zero.

    Returns:
        Tensor with the shape and dtype of `inputs`.
    """

    @ops.custom_gradient
    def step(x):
        outputs = ops.cast(x > 0, x.dtype)
        if value_at_zero:
            outputs = outputs + value_at_zero * ops.cast(ops.equal(x, 0), x.dtype)

        def gradient(*args, upstream=None):
            if upstream is None:  # torch hands it over by name
                (upstream,) = args
            if straight_through == "identity":
                return upstream
            if straight_through is None:
                return ops.zeros_like(upstream)
            return ops.where(ops.abs(x) <= 1, upstream, ops.zeros_like(upstream))

        return outputs, gradient

    return step(inputs)
