"""MobileNetV2: equal to Keras' and timm's, widths, stages, bad input."""

import pytest
from helpers import model_peers

from kerasbook.applications import create_model, feature_maps


@pytest.mark.parametrize(
    ("alpha", "shape"),
    [(0.35, (75, 41, 3)), (0.42, (64, 96, 3))],
    ids=["odd sizes", "rounded down twice"],
)
def test_is_that_of_keras(alpha, shape, rng):
    model_peers.assert_like_keras("mobilenetv2", rng, alpha=alpha, shape=shape, calibrate=True)


@pytest.mark.parametrize(("name", "alpha"), [("mobilenetv2_035", 0.35), ("mobilenetv2_050", 0.5)])
def test_is_that_of_timm(name, alpha, rng):
    model_peers.assert_like_torch(
        "mobilenetv2",
        rng,
        lambda torch: torch.timm.create_model(name, num_classes=7),
        calibrate=True,
        alpha=alpha,
    )


def test_the_last_width_is_never_narrowed():
    widths = {0.35: 1280, 1.0: 1280, 1.4: 1792}
    for alpha, width in widths.items():
        assert (
            model_peers.built("mobilenetv2", alpha=alpha).get_layer("stage4_last_conv").filters
            == width
        )


def test_stages_are_named_by_their_stride():
    maps = feature_maps(model_peers.built("mobilenetv2", input_shape=(64, 96, 3)))
    assert [(m.name, m.stride, m.channels) for m in maps] == [
        ("stem", 2, 16),
        ("stage1", 4, 24),
        ("stage2", 8, 32),
        ("stage3a", 16, 64),
        ("stage3b", 16, 96),
        ("stage3", 16, 96),
        ("stage4a", 32, 160),
        ("stage4b", 32, 320),
        ("stage4", 32, 1280),
    ]


def test_blocks_end_linearly():
    model = model_peers.built("mobilenetv2_test")
    activated = {layer.name for layer in model.layers if layer.name.endswith("_act")}
    assert not [name for name in activated if "project" in name]
    assert model.get_layer("stem_act").activation.__name__ == "relu6"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (31, 64, 3)}, r"at least 32 pixels.*\(31, 64, 3\)"),
        ({"input_shape": (64, 7, 3), "low_resolution": True}, r"at least 8 pixels.*\(64, 7, 3\)"),
        ({"alpha": 0}, "`alpha` must be a positive number. Received: alpha=0"),
        ({"depths": (1, 2)}, r"`depths` must be .*depths=\(1, 2\)"),
        ({"last_filters": 0.5}, "`last_filters` must be a positive integer.*0.5"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("mobilenetv2", **arguments)
