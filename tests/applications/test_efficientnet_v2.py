"""EfficientNetV2: equal to Keras' and timm's, dropping, stages, bad input."""

import keras
import numpy as np
import pytest
from helpers import model_peers

from kerasbook import registry
from kerasbook.analysis import weightless
from kerasbook.applications import create_model, feature_maps


def test_is_that_of_keras(rng):
    arguments = {"include_preprocessing": True, "deviation": 80.0, "shape": (48, 67, 3)}
    model_peers.assert_like_keras("efficientnetv2s", rng, calibrate=True, **arguments)


@pytest.mark.parametrize(("width", "depth"), [(0.5, 0.2), (0.35, 0.1)])
def test_is_that_of_timm(width, depth, rng):
    def make(torch):
        options = {"bn_eps": 1e-3, "pad_type": "same", "num_classes": 7}
        generator = torch.timm.models.efficientnet._gen_efficientnetv2_s
        return generator("tf_efficientnetv2_s", width, depth, **options)

    coefficients = {"width_coefficient": width, "depth_coefficient": depth}
    model_peers.assert_like_torch("efficientnetv2s", rng, make, calibrate=True, **coefficients)


def test_moving_averages_are_those_of_the_peers():
    from helpers import torch_peers

    theirs = torch_peers.timm.create_model("tf_efficientnetv2_s").bn1
    assert theirs.momentum == 0.1  # the weight of the present, not of the past
    model = model_peers.built("efficientnetv2_test", convention="torch")
    assert model.get_layer("stem_norm").momentum == 0.9
    assert model.get_layer("stem_norm").epsilon == theirs.eps


def test_scalings_are_those_of_the_peers():
    size = registry.get("model", "efficientnetv2s").size
    assert size.input_size == 384
    scalings = {name: c.preprocessing for name, c in size.family.conventions.items()}
    assert scalings == {"keras": "signed", "torch": "tf"}


def test_branches_are_dropped_as_often_as_in_keras():
    ours = model_peers.built("efficientnetv2s")
    theirs = weightless(lambda: keras.applications.EfficientNetV2S(weights=None))
    rates = [layer.rate for layer in ours.layers if layer.name.endswith("_drop")]
    expected = [layer.rate for layer in theirs.layers if layer.name.endswith("_drop")]
    np.testing.assert_allclose(rates, [rate for rate in expected if rate])
    assert ours.get_layer("dropout").rate == theirs.get_layer("top_dropout").rate


def test_stages_are_named_by_their_stride():
    maps = feature_maps(model_peers.built("efficientnetv2s", input_shape=(64, 96, 3)))
    assert [(m.name, m.stride, m.channels) for m in maps] == [
        ("stem", 2, 24),
        ("stage1", 4, 48),
        ("stage2", 8, 64),
        ("stage3a", 16, 128),
        ("stage3b", 16, 160),
        ("stage3", 16, 160),
        ("stage4a", 32, 256),
        ("stage4", 32, 1280),
    ]


def test_the_first_stages_have_full_convolutions_and_no_gates():
    names = [layer.name for layer in model_peers.built("efficientnetv2_test").layers]
    stages = {"depthwise_conv": set(), "squeeze_conv": set()}
    for name in names:
        stage, _, kind = name.partition("_block1_")
        if kind in stages:
            stages[kind].add(stage)
    assert set(map(frozenset, stages.values())) == {frozenset({"stage3a", "stage3b", "stage4a"})}


def test_widths_are_rounded_to_the_nearest_multiple_even_if_that_is_less():
    model = model_peers.built("efficientnetv2_test", width_coefficient=0.45)
    assert model.get_layer("stem_conv").filters == 8  # 10.8, of which it is less than 9 tenths


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (64, 31, 3)}, r"at least 32 pixels.*\(64, 31, 3\)"),
        ({"width_coefficient": 0}, "`width_coefficient` must be a positive number.*=0"),
        ({"depth_coefficient": -1}, "`depth_coefficient` must be a positive number.*=-1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("efficientnetv2s", **arguments)
