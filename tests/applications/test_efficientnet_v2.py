"""EfficientNetV2: equal to Keras' and timm's, counts, dropping, stages, bad input."""

import keras
import model_peers
import numpy as np
import pytest

from kerasbook import registry
from kerasbook.applications import create_model, feature_maps

# All and trainable parameters of keras.applications 3.15.1, trainable ones of timm 1.0.31
# (`parameter_counts.json`).
KERAS = (21_612_360, 21_458_488)
TIMM = 21_458_488


def test_is_that_of_keras_with_the_scaling_within(rng):
    arguments = {"include_preprocessing": True, "deviation": 80.0}
    model_peers.assert_like_keras("efficientnetv2s", rng, calibrate=True, **arguments)


def test_without_the_top_it_is_that_of_keras_on_odd_sizes(rng):
    arguments = {"include_preprocessing": False, "include_top": False, "shape": (75, 41, 3)}
    model_peers.assert_like_keras("efficientnetv2s", rng, calibrate=True, **arguments)


def test_is_that_of_timm(rng):
    model_peers.assert_like_torch(
        "efficientnetv2s",
        rng,
        lambda torch: torch.timm.create_model("tf_efficientnetv2_s", num_classes=7),
        calibrate=True,
    )


def test_counts_and_scalings_are_those_of_the_peers():
    assert model_peers.counts("efficientnetv2s") == KERAS
    assert model_peers.counts("efficientnetv2s", convention="torch")[1] == TIMM
    size = registry.get("model", "efficientnetv2s").size
    assert size.input_size == 384
    scalings = {name: c.preprocessing for name, c in size.family.conventions.items()}
    assert scalings == {"keras": "signed", "torch": "tf"}


def test_branches_are_dropped_as_often_as_in_keras():
    ours = model_peers.built("efficientnetv2s")
    with keras.StatelessScope(initialize_variables=False):
        theirs = keras.applications.EfficientNetV2S(weights=None)
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
