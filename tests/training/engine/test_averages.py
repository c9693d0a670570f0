"""Moving averages: exchanged with the weights and back, bit by bit, on every replica."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbook.testing import two_replicas
from kerasbook.training.engine.averages import WeightAverages, averages_of


@pytest.mark.parametrize("make_strategy", [tf.distribute.get_strategy, two_replicas])
def test_in_place_for_a_block_only(make_strategy):
    strategy = make_strategy()
    with strategy.scope():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    averages = WeightAverages(model, strategy, 0.9)
    weights = model.get_weights()
    means = [weight / 3 for weight in weights]
    averages.assign(means)
    with averages.in_place():
        for a, b in zip(model.get_weights(), means, strict=True):
            np.testing.assert_array_equal(a, b)
    for a, b in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(averages.numpy(), means, strict=True):
        np.testing.assert_array_equal(a, b)
    averages.overwrite()
    for values in (model.get_weights(), averages.numpy()):
        for a, b in zip(values, means, strict=True):
            np.testing.assert_array_equal(a, b)


def test_keras_keeps_them_in_variables_of_the_optimizer():
    optimizer = keras.optimizers.SGD(use_ema=True)
    weight = keras.Variable([1.0, 2.0])
    optimizer.build([weight])
    (average,) = averages_of(keras.optimizers.LossScaleOptimizer(optimizer))
    assert average.shape == (2,)
    assert any(variable.value is average for variable in optimizer.variables)
