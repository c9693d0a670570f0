"""SE-ResNet and SE-ResNeXt: equal to timm's, weights of the gates, gates, bad input."""

import functools

import keras
import numpy as np
import pytest
from helpers import model_peers

from kerasbook.applications import create_model, model_info

# Trainable parameters of those without gates, of timm 1.0.31 (the last of `resnext101_32x4d`), the
# blocks of each stage, and how many times wider their outputs are.
WITHOUT = {
    "seresnet18": (11_689_512, (2, 2, 2, 2), 1),
    "seresnet34": (21_797_672, (3, 4, 6, 3), 1),
    "seresnet101": (44_549_160, (3, 4, 23, 3), 4),
    "seresnet152": (60_192_808, (3, 8, 36, 3), 4),
    "seresnext101": (44_177_704, (3, 4, 23, 3), 4),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_gates_add_their_weights_to_the_count(name):
    without, depths, expansion = WITHOUT[name]
    gates = 0
    for depth, filters in zip(depths, (64, 128, 256, 512), strict=True):
        channels = filters * expansion
        gates += depth * (2 * channels * channels // 16 + channels // 16 + channels)
    assert model_info(name).trainable_parameters == without + gates


def test_with_groups_it_is_that_of_timm(rng):
    """With few blocks for the sake of time; `test_parameter_counts.py` counts those of all."""

    def twin(torch):
        options = {"layers": (1, 2, 1, 1), "num_classes": 7}
        return torch.timm.create_model("seresnext50_32x4d", **options)

    model_peers.assert_like_torch("seresnext50", rng, twin, depths=(1, 2, 1, 1))


def test_with_basic_blocks_it_is_that_of_timm(rng):
    """There the gates have at least eight channels within, unless told to divide by 16 alone."""

    def twin(torch):
        gate = functools.partial(torch.timm.layers.SEModule, rd_divisor=1)
        options = {"block_args": {"attn_layer": gate}, "layers": (2, 1, 1, 1), "num_classes": 7}
        return torch.timm.create_model("seresnet18", **options)

    model_peers.assert_like_torch("seresnet18", rng, twin, depths=(2, 1, 1, 1))


def test_gates_scale_channels_before_the_addition(rng):
    model = create_model("se_resnet_test", input_shape=(8, 12, 3))
    names = ("stage2_block1_3_norm", "stage2_block1_excite_act", "stage2_block1_gate")
    parts = keras.Model(model.input, [model.get_layer(name).output for name in names])
    images = rng.normal(size=(2, 8, 12, 3)).astype("float32")
    branch, gates, scaled = (np.asarray(part) for part in parts(images))
    assert gates.shape == (2, 1, 1, branch.shape[-1])
    assert 0 < gates.min() < gates.max() < 1
    np.testing.assert_allclose(scaled, branch * gates, rtol=1e-6)
    add = model.get_layer("stage2_block1_add")
    assert add.input[1] is model.get_layer("stage2_block1_gate").output


def test_gates_follow_the_activation():
    model = create_model("se_resnet_test", activation="tanh")
    functions = {
        layer.activation.__name__ for layer in model.layers if layer.name.endswith("squeeze_act")
    }
    assert functions == {"tanh"}


def test_the_ratio_may_be_none_or_another():
    assert model_peers.counts("seresnet18", squeeze_excite=None)[1] == 11_689_512  # ResNet18
    model = model_peers.built("seresnet18", input_shape=(32, 48, 3), squeeze_excite=8)
    assert model.get_layer("stage4_block2_squeeze_conv").filters == 64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (64, 31, 3)}, r"at least 32 pixels.*\(64, 31, 3\)"),
        ({"squeeze_excite": 0.25}, "`squeeze_excite` must be .*0.25"),
        ({"squeeze_excite": 0}, "`squeeze_excite` must be .*0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("seresnet18", **arguments)
