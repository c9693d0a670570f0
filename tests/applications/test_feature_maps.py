"""`features`: maps by name, sharing weights; every family's names are in test_promises.py."""

import keras
import numpy as np
import pytest

from kerasbook import surgery
from kerasbook.applications import ResNet18, create_model, feature_maps, features


def test_maps_are_those_of_the_layers_and_share_weights(rng):
    model = create_model("resnet_test")
    maps = features(model, ["stage3", "stem"])
    images = rng.normal(size=(2, 32, 40, 3)).astype("float32")
    trunk = create_model("resnet_test", input_shape=(32, 40, 3), include_top=False)
    trunk.set_weights(model.get_weights()[:-2])
    layers = [trunk.get_layer(name).output for name in ("stage3_block1_act", "stem_act")]
    expected = keras.Model(trunk.inputs, layers)(images)
    for ours, theirs in zip(features(trunk, ["stage3", "stem"])(images), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert maps.weights[0] is model.weights[0]
    assert not [layer for layer in maps.layers if layer.name.startswith("stage4")]


def test_one_name_gives_one_map_and_none_gives_all():
    model = ResNet18(include_top=False)
    assert features(model, "stage2").output_shape == (None, None, None, 128)
    assert len(features(model).outputs) == 5
    assert [row.channels for row in feature_maps(model)] == [64, 64, 128, 256, 512]
    assert [row.stride for row in feature_maps(model)] == [4, 4, 8, 16, 32]


def test_parts_of_a_stage_stand_in_the_order_of_their_maps():
    x = image = keras.Input((8, 8, 3))
    for channels, name in enumerate(
        ("stem_conv", "stage1a_conv", "stage1b_conv", "stage1_conv"), 1
    ):
        x = keras.layers.Conv2D(channels, 1, name=name)(x)
    rows = feature_maps(keras.Model(image, x))
    expected = [("stem", 1), ("stage1a", 2), ("stage1b", 3), ("stage1", 4)]
    assert [(row.name, row.channels) for row in rows] == expected


def test_names_outlive_the_folding_of_norms():
    model = create_model("resnet_test")
    folded = surgery.fold_batch_norm(model)
    assert feature_maps(folded) == feature_maps(model)


def test_bad_names_and_models():
    model = create_model("resnet_test")
    with pytest.raises(ValueError, match="`names` must be a known name.*'stage5'. Nearest: stage"):
        features(model, ["stage5"])
    plain = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="`model` must have layers that are named after their sta"):
        features(plain)
    with pytest.raises(ValueError, match="`model` must be a functional model"):
        features(None)
    for names in ([], 3):
        with pytest.raises(ValueError, match="`names` must be a name, a list of names or None"):
            features(model, names)
    image = keras.Input((64, 64, 3))
    within = keras.Model(image, model(keras.layers.AveragePooling2D(2)(image)))
    with pytest.raises(ValueError, match="`model` must have layers that are named after their sta"):
        features(within)  # whose maps are of another graph
