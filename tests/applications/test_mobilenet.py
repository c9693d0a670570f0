"""MobileNet: equal to Keras' and timm's, maps of odd sizes, stages, bad input."""

import pytest
from helpers import model_peers

from kerasbook.applications import create_model, feature_maps


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"alpha": 0.25}, (64, 96, 3)),
        ({"alpha": 0.27, "depth_multiplier": 2, "include_top": False}, (50, 75, 3)),
    ],
    ids=["published", "another width, on odd sizes"],
)
def test_is_that_of_keras(arguments, shape, rng):
    model_peers.assert_like_keras("mobilenet", rng, shape=shape, calibrate=True, **arguments)


def test_maps_are_padded_only_where_their_size_may_be_odd():
    def padded(**arguments):
        model = model_peers.built("mobilenet", **arguments)
        return [layer.name for layer in model.layers if layer.name.endswith("_pad")]

    assert padded(include_top=False) == [f"stage{n}_block1_depthwise_pad" for n in (1, 2, 3, 4)]
    assert padded(input_shape=(224, 200, 3)) == ["stage3_block1_depthwise_pad"]
    assert padded() == []


@pytest.mark.parametrize("alpha", [0.25, 0.42])
def test_is_that_of_timm(alpha, rng):
    def make(torch):
        generator = torch.timm.models.efficientnet._gen_mobilenet_v1
        return generator("mobilenetv1_100", alpha, num_classes=7)

    model_peers.assert_like_torch("mobilenet", rng, make, calibrate=True, alpha=alpha)


def test_stages_are_named_by_their_stride():
    maps = feature_maps(model_peers.built("mobilenet", input_shape=(64, 96, 3)))
    assert [(m.name, m.stride, m.channels) for m in maps] == [
        ("stem", 2, 64),
        ("stage1", 4, 128),
        ("stage2", 8, 256),
        ("stage3", 16, 512),
        ("stage4", 32, 1024),
    ]


def test_dropout_is_that_of_keras_unless_it_is_given():
    assert model_peers.built("mobilenet").get_layer("dropout").rate == 1e-3
    without = model_peers.built("mobilenet", dropout=0.0)
    assert not [layer for layer in without.layers if "drop" in layer.name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (31, 64, 3)}, r"at least 32 pixels.*\(31, 64, 3\)"),
        ({"alpha": "wide"}, "`alpha` must be a positive number. Received: alpha='wide'"),
        ({"depth_multiplier": 0}, "`depth_multiplier` must be a positive integer.*0"),
        ({"depths": (1, 0, 1, 1, 1)}, r"`depths` must be .*depths=\(1, 0, 1, 1, 1\)"),
        ({"drop_path": 0.1}, "unexpected keyword argument 'drop_path'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("mobilenet", **arguments)
