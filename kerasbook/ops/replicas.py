"""What the replicas of a training step share."""

import keras


def mean_over_replicas(x):
    """Returns the mean of a tensor over all replicas of a tf.distribute strategy.

    On one device, and on other backends, that is the tensor itself.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        replica = tf.distribute.get_replica_context()
        if replica is not None and replica.num_replicas_in_sync > 1:
            return replica.all_reduce(tf.distribute.ReduceOp.MEAN, x)
    return x


def calls_may_set_trainable_variables():
    """Tells whether a training step keeps what a call assigns to a trainable variable.

    On JAX it does not: there the optimizer returns the trainable variables' next values, which
    it computes from those before the step.
    """
    return keras.backend.backend() != "jax"
