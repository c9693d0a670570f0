"""The weights of a layer that are not those of the layers within."""

import keras

from kerasbook import layers
from kerasbook.layers.own_weights import own_weights, parts_of


def test_a_layer_with_a_layer_within():
    layer = layers.WeightNormalization(keras.layers.Dense(4))
    layer.build((None, 3))
    assert parts_of(layer) == [layer.layer]
    assert [weight.name for weight in own_weights(layer)] == ["g", "initialized"]
    assert own_weights(layer.layer) == layer.layer.weights


def test_a_layer_of_layers_has_none():
    block = layers.VGGBlock(4, 1)
    block.build((None, 6, 5, 3))
    assert own_weights(block) == []
    assert parts_of(block) == [block.body]
