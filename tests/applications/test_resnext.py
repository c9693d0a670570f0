"""ResNeXt: equal to timm's, groups, maps, bad input."""

import pytest
from helpers import model_peers

from kerasbook.applications import create_model, feature_maps
from kerasbook.applications.graph import operations


@pytest.mark.parametrize(
    ("name", "peer", "depths"),
    [
        ("resnext50", "resnext50_32x4d", (1, 2, 1, 1)),
        ("resnext101", "resnext101_32x8d", (1, 1, 1, 1)),
    ],
)
def test_is_that_of_timm(name, peer, depths, rng):
    """With few blocks for the sake of time; `test_parameter_counts.py` counts those of all."""

    def twin(torch):
        return torch.timm.create_model(peer, layers=depths, num_classes=7)

    model_peers.assert_like_torch(name, rng, twin, depths=depths)


def test_the_3_x_3_convolutions_alone_have_groups():
    model = model_peers.built("resnext50", input_shape=(64, 96, 3))
    groups = {o.name: o.groups for o in operations(model) if o.name.endswith("_conv")}
    within = {name for name in groups if name.endswith("_2_conv")}
    assert len(within) == 16
    assert all(count == (32 if name in within else 1) for name, count in groups.items())
    assert model.get_layer("stage1_block1_2_conv").kernel.shape == (3, 3, 4, 128)


def test_maps_are_those_of_a_resnet():
    maps = feature_maps(model_peers.built("resnext50", input_shape=(64, 96, 3)))
    assert [(m.name, m.stride, m.channels) for m in maps] == [
        ("stem", 4, 64),
        ("stage1", 4, 256),
        ("stage2", 8, 512),
        ("stage3", 16, 1024),
        ("stage4", 32, 2048),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (31, 64, 3)}, r"at least 32 pixels.*\(31, 64, 3\)"),
        ({"groups": 0}, "`groups` must be a positive integer. Received: groups=0"),
        ({"group_width": 0.5}, "`group_width` must be a positive integer"),
        ({"block": "basic", "groups": 3}, "`groups` must divide"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("resnext50", **arguments)
