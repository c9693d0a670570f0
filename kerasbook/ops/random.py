"""Random numbers of layers: from a Keras seed, and different on every replica.

Keras' seed generators hold the same state on every replica of a tf.distribute strategy, so that
all replicas would draw the same numbers. Here the replica's number goes into the seed; on one
device the draws are Keras' own.
"""

import keras


def random_uniform(shape, seed):
    """Draws from the uniform distribution on [0, 1).

    Args:
        shape: Shape of the result, integers or a scalar tensor among them.
        seed: A `keras.random.SeedGenerator`, which moves on by one, or an integer.

    Returns:
        Float32 tensor.
    """
    state = _state_of_replica(seed)
    if state is not None:
        import tensorflow as tf

        return tf.random.stateless_uniform(shape, state)
    return keras.random.uniform(shape, dtype="float32", seed=seed)


def random_normal(shape, seed):
    """Draws from the normal distribution of mean 0 and variance 1, as `random_uniform` does."""
    state = _state_of_replica(seed)
    if state is not None:
        import tensorflow as tf

        return tf.random.stateless_normal(shape, state)
    return keras.random.normal(shape, dtype="float32", seed=seed)


def _state_of_replica(seed):
    """Returns TensorFlow's seed of this replica, or `None` where there are no others."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return None
    if isinstance(seed, keras.random.SeedGenerator):
        state = tf.cast(seed.next(), tf.int32)
    else:
        state = tf.constant([seed, 0], tf.int32)
    return tf.random.experimental.stateless_fold_in(state, replica.replica_id_in_sync_group)
