"""The refusal of numbers that are missing."""

import keras
from keras import ops

from kerasbook.ops.values import values_at_hand


def refuse_nan(name, tensor):
    """Returns a float tensor, or fails and says how many of its numbers are NaN.

    With values at hand, and on torch, this is a `ValueError`. In a graph of TensorFlow it is an
    assertion, a `tf.errors.InvalidArgumentError`, and under JAX's `jit` a call to the host, a
    `jax.errors.JaxRuntimeError` with the same text. XLA on TensorFlow (`jit_compile=True`) leaves
    assertions out: there NaN goes on.

    Args:
        name: What the message calls the tensor.
        tensor: Float tensor.
    """
    if isinstance(tensor, keras.KerasTensor):
        return tensor
    rule = f"`{name}` must hold no NaN."
    tensor = ops.convert_to_tensor(tensor)
    values = values_at_hand([tensor])
    if values is not None:
        _refuse(rule, (values[0] != values[0]).sum())
        return tensor
    count = ops.sum(ops.cast(ops.isnan(tensor), "int32"))
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Unlike `tf.debugging.Assert` no branch, which would take longer than the check.
        said = f"{rule} Received: NaN count ="
        check = tf.raw_ops.Assert(condition=count == 0, data=[said, count])
        with tf.control_dependencies([check]):
            return tf.identity(tensor)
    if keras.backend.backend() == "jax":
        import jax

        def call_host():
            jax.debug.callback(lambda found: _refuse(rule, found), count)

        jax.lax.cond(count > 0, call_host, lambda: None)
    return tensor


def _refuse(rule, count):
    if count:
        raise ValueError(f"{rule} Received: NaN count = {int(count)}")
