"""EfficientNet: equal to Keras' and timm's, counts of all sizes, dropping, stages, bad input."""

import math

import keras
import model_peers
import numpy as np
import pytest

from kerasbook import registry
from kerasbook.applications import create_model, feature_maps

# Trainable parameters of timm 1.0.31; those of keras.applications 3.15.1 are the same, and with
# those that are not trainable, less the seven of the scaling within its models, these
# (`parameter_counts.json`).
TRAINABLE = (
    5_288_548,
    7_794_184,
    9_109_994,
    12_233_232,
    19_341_616,
    30_389_784,
    43_040_704,
    66_347_960,
)
KERAS = (
    5_330_571,
    7_856_239,
    9_177_569,
    12_320_535,
    19_466_823,
    30_562_527,
    43_265_143,
    66_658_687,
)
SIZES = (224, 240, 260, 300, 380, 456, 528, 600)
DROPOUT = (0.2, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5, 0.5)


@pytest.mark.parametrize(("number", "shape"), [(0, (64, 96, 3)), (2, (75, 41, 3))])
def test_is_that_of_keras(number, shape, rng):
    """Without weights of ImageNet, Keras' models divide pixels by 255 and normalize by nothing."""
    model_peers.assert_like_keras(
        f"efficientnetb{number}",
        rng,
        shape=shape,
        preprocess=lambda images: images / 255.0,
        deviation=80.0,
        calibrate=True,
    )


@pytest.mark.parametrize("number", [0, 2])
def test_is_that_of_timm(number, rng):
    model_peers.assert_like_torch(
        f"efficientnetb{number}",
        rng,
        lambda torch: torch.timm.create_model(f"efficientnet_b{number}", num_classes=7),
        calibrate=True,
    )


@pytest.mark.parametrize("number", range(8))
def test_counts_and_sizes_are_those_of_the_peers(number):
    model = model_peers.built(f"efficientnetb{number}")
    assert model.count_params() == KERAS[number] - 7
    assert sum(math.prod(w.shape) for w in model.trainable_weights) == TRAINABLE[number]
    assert model.input_shape == (None, SIZES[number], SIZES[number], 3)
    assert model.get_layer("dropout").rate == DROPOUT[number]


def test_pixels_are_scaled_as_torch_does():
    """As the weights that Keras has, which its models do in three layers."""
    conventions = registry.get("model", "efficientnetb0").size.family.conventions
    assert {c.preprocessing for c in conventions.values()} == {"torch"}


def test_branches_are_dropped_as_often_as_in_keras():
    ours = model_peers.built("efficientnetb0")
    with keras.StatelessScope(initialize_variables=False):
        theirs = keras.applications.EfficientNetB0(weights=None)
    rates = [layer.rate for layer in ours.layers if layer.name.endswith("_drop")]
    expected = [layer.rate for layer in theirs.layers if layer.name.endswith("_drop")]
    np.testing.assert_allclose(rates, expected)
    assert len(rates) == 9


def test_stages_are_named_by_their_stride():
    maps = feature_maps(model_peers.built("efficientnetb0", input_shape=(64, 96, 3)))
    assert [(m.name, m.stride, m.channels) for m in maps] == [
        ("stem", 2, 16),
        ("stage1", 4, 24),
        ("stage2", 8, 40),
        ("stage3a", 16, 80),
        ("stage3b", 16, 112),
        ("stage3", 16, 112),
        ("stage4a", 32, 192),
        ("stage4b", 32, 320),
        ("stage4", 32, 1280),
    ]


def test_gates_have_the_activation_of_the_network():
    def activation(**arguments):
        model = model_peers.built("efficientnet_test", **arguments)
        assert model.get_layer("stem_block1_excite_act").activation.__name__ == "sigmoid"
        return model.get_layer("stem_block1_squeeze_act").activation.__name__

    assert (activation(), activation(activation="relu")) == ("silu", "relu")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (64, 31, 3)}, r"at least 32 pixels.*\(64, 31, 3\)"),
        ({"width_coefficient": 0}, "`width_coefficient` must be a positive number.*=0"),
        ({"depth_coefficient": "deep"}, "`depth_coefficient` must be a positive number.*'deep'"),
        ({"drop_path": 1.0}, r"`drop_path` must be in \[0, 1\).*1.0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("efficientnetb0", **arguments)
