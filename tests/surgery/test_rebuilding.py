"""Configs that may be changed, and weights that find their places in another model."""

import keras
import numpy as np
import pytest

from kerasbook import layers
from kerasbook.surgery.rebuilding import (
    changed_config,
    config_of,
    copy_weights,
    put_in_place,
    references,
)

L = keras.layers


def nested():
    image = keras.Input((6, 7, 3), name="image")
    inner = keras.Sequential([keras.Input((6, 7, 3)), L.Conv2D(3, 1, name="conv")], name="inner")
    x = L.Concatenate(name="both")([inner(image), keras.ops.relu(image)])
    return keras.Model(image, [L.Dense(2, name="dense")(x), inner(x[..., :3])])


def test_a_config_is_a_copy():
    model = nested()
    config = config_of(model)
    config["layers"][1]["config"]["layers"].clear()
    assert len(config_of(model)["layers"][1]["config"]["layers"]) == 2


@pytest.mark.parametrize("model", [None, L.Dense(3), keras.Sequential([L.Dense(3)])])
def test_models_of_other_kinds(model):
    with pytest.raises(ValueError, match="`model` must be a built functional or `Sequential`"):
        config_of(model)


def test_references():
    names = [name for name, _, _ in references(config_of(nested()))]
    assert names.count("image") == 2
    assert names.count("inner") == 2  # the concatenation's, and that of the outputs
    assert names.count("dense") == 1


def test_every_layer_is_visited_and_outputs_are_known():
    visited = {}

    def change(layer, entry, is_output):
        visited[entry["config"]["name"]] = (type(layer).__name__, is_output)
        assert "build_config" not in entry

    changed_config(nested(), change)
    assert visited["conv"] == ("Conv2D", True)  # as the model that it ends is called for an output
    assert visited["dense"] == ("Dense", True)
    assert visited["both"] == ("Concatenate", False)
    assert ("NoneType", False) in visited.values()  # of `keras.ops`


@pytest.mark.parametrize("arguments", [{}, {"training": False}])
def test_another_layer_in_place(arguments):
    image = keras.Input((6, 7, 3))
    model = keras.Model(image, L.BatchNormalization(name="norm")(image, **arguments))

    def change(layer, entry, is_output):
        if entry["class_name"] == "BatchNormalization":
            put_in_place(entry, layers.GroupNormalization(1, name="other"))

    new = keras.Model.from_config(changed_config(model, change))
    # Which takes neither `training` nor the `mask` that Keras hands to the one before.
    assert type(new.get_layer("norm")) is layers.GroupNormalization


def test_weights_are_copied_within_layers_of_layers(rng):
    def make():
        block = layers.ResidualBlock(4, strides=2, squeeze_excite=2, name="block")
        wrapped = layers.WeightNormalization(L.Conv2D(2, 1), name="wrapped")
        return keras.Sequential([keras.Input((6, 7, 3)), block, wrapped])

    old, new = make(), make()
    for weight in old.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    copy_weights(old, new)
    for mine, its in zip(old.weights, new.weights, strict=True):
        np.testing.assert_array_equal(mine, its)


def test_what_is_replaced_and_what_has_a_bias_more():
    kinds = (layers.BatchNormalization, layers.GroupNormalization)

    def make(normalization):
        block = layers.VGGBlock(4, 1, normalization=normalization, name="block")
        return keras.Sequential([keras.Input((6, 7, 3)), block])

    old, pairs = make("batch"), []
    for normalization, parts in (("group", 1), (None, 0), ("batch", 1)):
        pairs.clear()
        new = make(normalization)
        copy_weights(old, new, replaced=kinds, carry=lambda *pair: pairs.append(pair))
        assert len(pairs) == parts
        np.testing.assert_array_equal(old.weights[0], new.weights[0])
