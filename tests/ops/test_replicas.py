"""What replicas share, and what a step keeps."""

import keras
import numpy as np
import pytest

from kerasbook import ops, testing


def test_one_device_keeps_its_own():
    x = keras.ops.convert_to_tensor([1.0, 2.0])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(ops.mean_over_replicas(x)), [1, 2])


@pytest.mark.tensorflow
def test_two_replicas_get_the_mean():
    import tensorflow as tf

    strategy = testing.two_replicas()

    def step():
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        return ops.mean_over_replicas(tf.cast(number, tf.float32) * [2.0, 4.0])

    results = strategy.experimental_local_results(tf.function(lambda: strategy.run(step))())
    assert [r.numpy().tolist() for r in results] == [[1, 2], [1, 2]]


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class SetsItsWeight(keras.layers.Layer):
    """Assigns 5 to a trainable weight that has no gradient."""

    def build(self, input_shape):
        self.weight = self.add_weight(shape=(), initializer="zeros")

    def call(self, inputs):
        self.weight.assign(5.0)
        return inputs + 0 * self.weight


def test_what_a_step_keeps_is_what_is_said():
    model = keras.Sequential([keras.Input((1,)), SetsItsWeight()])
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 1)), np.ones((2, 1)), verbose=0)
    kept = float(model.layers[-1].weight.numpy()) == 5
    assert kept == ops.calls_may_set_trainable_variables()
