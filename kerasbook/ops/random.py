"""Random numbers of layers: from a Keras seed, and different on every replica."""

import keras


def random_uniform(shape, seed):
    """Draws from the uniform distribution on [0, 1).

    Keras' seed generators hold the same state on every replica of a tf.distribute strategy, so
    that all replicas would draw the same numbers. Here the replica's number goes into the seed;
    on one device the draws are Keras' own.

    Args:
        shape: Shape of the result, integers or a scalar tensor among them.
        seed: A `keras.random.SeedGenerator`, which moves on by one, or an integer.

    Returns:
        Float32 tensor.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        replica = tf.distribute.get_replica_context()
        if replica is not None and replica.num_replicas_in_sync > 1:
            if isinstance(seed, keras.random.SeedGenerator):
                state = tf.cast(seed.next(), tf.int32)
            else:
                state = tf.constant([seed, 0], tf.int32)
            number = replica.replica_id_in_sync_group
            state = tf.random.experimental.stateless_fold_in(state, number)
            return tf.random.stateless_uniform(shape, state)
    return keras.random.uniform(shape, dtype="float32", seed=seed)
