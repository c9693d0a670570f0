"""EfficientNet: equal to Keras' and timm's, dropping, stages, bad input."""

import keras
import numpy as np
import pytest
from helpers import model_peers

from kerasbook import registry
from kerasbook.analysis import weightless
from kerasbook.applications import create_model, feature_maps

SIZES = (224, 240, 260, 300, 380, 456, 528, 600)
DROPOUT = (0.2, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5, 0.5)


@pytest.mark.parametrize(("number", "shape"), [(0, (48, 64, 3)), (1, (75, 41, 3))])
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


@pytest.mark.parametrize(("width", "depth"), [(0.3, 0.5), (0.55, 1.1)])
def test_is_that_of_timm(width, depth, rng):
    def make(torch):
        generator = torch.timm.models.efficientnet._gen_efficientnet
        return generator("efficientnet_b0", width, depth, num_classes=7)

    coefficients = {"width_coefficient": width, "depth_coefficient": depth}
    model_peers.assert_like_torch("efficientnetb0", rng, make, calibrate=True, **coefficients)


def test_sizes_of_images_and_dropout_are_those_of_the_paper():
    sizes = [registry.get("model", f"efficientnetb{number}").size for number in range(8)]
    assert tuple(size.input_size for size in sizes) == SIZES
    assert tuple(size.signature.parameters["dropout"].default for size in sizes) == DROPOUT


def test_pixels_are_scaled_as_torch_does():
    """As the weights that Keras has, which its models do in three layers."""
    conventions = registry.get("model", "efficientnetb0").size.family.conventions
    assert {c.preprocessing for c in conventions.values()} == {"torch"}


def test_branches_are_dropped_as_often_as_in_keras():
    ours = model_peers.built("efficientnetb0")
    theirs = weightless(lambda: keras.applications.EfficientNetB0(weights=None))
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
