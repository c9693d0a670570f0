"""Xception: equal to Keras' and timm's, stages, options, bad input."""

import numpy as np
import pytest
from helpers import model_peers

from kerasbook.analysis import weightless
from kerasbook.applications import create_model, feature_maps

SHAPE = (72, 97, 3)  # poolings see odd sizes in one direction and even ones in the other


@pytest.mark.parametrize("shape", [SHAPE, (80, 80, 3)])
def test_is_that_of_keras(shape, rng):
    model_peers.assert_like_keras("xception", rng, shape=shape, deviation=30.0)


def test_is_that_of_timm(rng):
    model_peers.assert_like_torch(
        "xception",
        rng,
        lambda torch: torch.timm.create_model("legacy_xception", num_classes=7),
        shape=SHAPE,
        deviation=30.0,
    )


def test_stages():
    model = weightless(lambda: create_model("xception"))
    assert [(m.name, m.layer, m.stride, m.channels) for m in feature_maps(model)] == [
        ("stem", "stem_2_act", 2, 64),
        ("stage1", "stage1_block1_add", 4, 128),
        ("stage2", "stage2_block1_add", 8, 256),
        ("stage3", "stage3_block9_add", 16, 728),
        ("stage4", "stage4_exit2_act", 32, 2048),
    ]


def test_drop_path_rises_to_its_rate():
    model = create_model("xception_test", drop_path=0.4)
    rates = [layer.rate for layer in model.layers if layer.name.endswith("_drop")]
    np.testing.assert_allclose(rates, [0.1, 0.2, 0.3, 0.4])
    last = model.get_layer("stage4_block1_add").input
    assert last[0]._keras_history[0].name == "stage4_block1_drop"  # not the shortcut


def test_options_set_the_size():
    model = create_model("xception_test", alpha=0.125, depth=2)
    channels = {layer.name: layer.output.shape[-1] for layer in model.layers}
    assert channels["stage3_block3_add"] == 91
    assert channels["stage4_exit2_act"] == 256
    assert "stage3_block4_add" not in channels


def test_without_normalization_one_bias_per_separable_convolution():
    model = create_model("xception_test", normalization=None)
    for layer in model.layers:
        if hasattr(layer, "kernel_size"):
            assert layer.use_bias != layer.name.endswith("_depthwise_conv")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": -1}, "`alpha` must be a positive number. Received: alpha=-1"),
        ({"alpha": True}, "`alpha` must be a positive number.*True"),
        ({"depth": -1}, "`depth` must be an integer of at least 0. Received: depth=-1"),
        ({"depth": True}, "`depth` must be an integer of at least 0.*True"),
        ({"low_resolution": False, "input_shape": (70, 80, 3)}, "at least 71 pixels"),
        ({"input_shape": (7, 9, 3)}, "at least 8 pixels"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("xception_test", **arguments)
