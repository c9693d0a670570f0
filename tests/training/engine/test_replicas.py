"""Replicas: their own random draws, the same statistics."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbook import layers
from kerasbook.testing import replicas
from kerasbook.training.engine.replicas import Replicas, synchronize_batch_norm


def test_random_layers_draw_differently_on_each_replica():
    strategy = replicas(3)
    with strategy.scope():
        model = keras.Sequential([keras.Input((200,)), keras.layers.Dropout(0.5, seed=1)])
    ones = tf.ones((1, 200))

    @tf.function
    def masks():
        return strategy.run(lambda: model(ones, training=True))

    same = [m.numpy() for m in strategy.experimental_local_results(masks())]
    np.testing.assert_array_equal(same[0], same[1])  # as Keras has it
    Replicas(model, strategy).spread_seeds()
    drawn = [m.numpy()[0] > 0 for m in strategy.experimental_local_results(masks())]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert 60 < np.sum(drawn[one] == drawn[other]) < 140


def test_statistics_become_the_mean_of_what_replicas_gathered():
    strategy = replicas(3)
    with strategy.scope():
        model = keras.Sequential([keras.Input((2,)), layers.BatchNormalization(momentum=0.0)])
    parts = [np.float32([[1, 0], [3, 0]]), np.float32([[5, 2], [7, 2]]), np.float32([[0, 9]] * 2)]

    @tf.function
    def step():
        def on_replica():
            number = tf.distribute.get_replica_context().replica_id_in_sync_group
            return model(tf.stack(parts)[number], training=True)

        strategy.run(on_replica)

    step()
    copies = Replicas(model, strategy)
    copies.average_statistics()
    for variable, expected in (
        (model.layers[0].moving_mean, np.mean([p.mean(0) for p in parts], 0)),
        (model.layers[0].moving_variance, np.mean([p.var(0) for p in parts], 0)),
    ):
        for each in strategy.experimental_local_results(variable.value):
            np.testing.assert_allclose(each, expected, rtol=1e-6)


def test_all_batch_normalizations_are_synchronized_nested_ones_too():
    inner = keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization()])
    model = keras.Sequential([keras.Input((3,)), inner, layers.BatchNormalization()])
    synchronize_batch_norm(model)
    assert inner.layers[0].synchronized
    assert model.layers[1].synchronized
    renormalized = keras.Sequential([keras.Input((3,)), layers.BatchRenormalization()])
    with pytest.raises(ValueError, match="`synchronized_batch_norm` must be False"):
        synchronize_batch_norm(renormalized)


def test_one_process_stops_when_it_was_asked():
    copies = Replicas(keras.Sequential([keras.Input((1,))]), tf.distribute.get_strategy())
    assert copies.all_agree_to_stop(True)
    assert not copies.all_agree_to_stop(False)
