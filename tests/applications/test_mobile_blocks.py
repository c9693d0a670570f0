"""Blocks of mobile networks: widths, shortcuts, gates, numbers of blocks, names in timm."""

import re

import keras
import pytest

from kerasbook.applications.mobile_blocks import (
    Part,
    chain,
    divisible,
    minimum,
    multiplier,
    torch_names,
    torch_units,
    with_depths,
)
from kerasbook.applications.timm_weights import torch_name
from kerasbook.applications.units import Convention, Units


def model_of(parts, channels=8, **options):
    image = keras.Input((16, 24, channels))
    units = Units(Convention(), drop_path=0.4)
    return keras.Model(image, chain(image, units, parts, **options))


def names(model, pattern):
    return [layer.name for layer in model.layers if re.search(pattern, layer.name)]


def test_widths_are_multiples_that_lose_at_most_a_tenth():
    assert [divisible(n) for n in (1, 8, 11.9, 12, 20, 24.1)] == [8, 8, 16, 16, 24, 24]
    assert divisible(11, 8) == 16  # 8 were less than nine tenths
    assert divisible(11, 8, least=0) == 8
    assert divisible(10, 4) == 12
    for channels in range(1, 500):
        result = divisible(channels * 0.75)
        assert result % 8 == 0
        assert result >= 0.9 * channels * 0.75


def test_a_block_widens_convolves_each_channel_and_narrows():
    model = model_of([Part("stage1", 16, (6,), kernel_size=5)])
    layers = {layer.name: layer for layer in model.layers}
    assert list(layers)[1:] == [
        "stage1_block1_expand_conv",
        "stage1_block1_expand_norm",
        "stage1_block1_expand_act",
        "stage1_block1_depthwise_pad",
        "stage1_block1_depthwise_conv",
        "stage1_block1_depthwise_norm",
        "stage1_block1_depthwise_act",
        "stage1_block1_project_conv",
        "stage1_block1_project_norm",
    ]
    assert layers["stage1_block1_expand_conv"].kernel.shape == (1, 1, 8, 48)
    assert layers["stage1_block1_depthwise_conv"].kernel.shape == (5, 5, 48, 1)
    assert layers["stage1_block1_project_conv"].kernel.shape == (1, 1, 48, 16)
    assert model.output.shape == (None, 8, 12, 16)


def test_blocks_without_expansion_and_fused_ones():
    assert names(model_of([Part("stage1", 16, (1,))]), "conv") == [
        "stage1_block1_depthwise_conv",
        "stage1_block1_project_conv",
    ]
    fused = model_of([Part("stage1", 16, (4,), fused=True)])
    assert names(fused, "conv") == ["stage1_block1_expand_conv", "stage1_block1_project_conv"]
    assert fused.get_layer("stage1_block1_expand_conv").kernel.shape == (3, 3, 8, 32)
    single = model_of([Part("stage1", 16, (1,), fused=True)])
    assert names(single, "conv|act") == ["stage1_block1_fused_conv", "stage1_block1_fused_act"]
    assert single.output.shape == fused.output.shape == (None, 8, 12, 16)


def test_sums_stand_where_shapes_allow_and_are_dropped_ever_more_often():
    model = model_of([Part("stage1", 8, (2,) * 2), Part("stage2", 16, (2,) * 2, strides=1)])
    assert names(model, "add") == ["stage1_block2_add", "stage2_block2_add"]
    rates = [model.get_layer(f"stage{n}_block2_drop").rate for n in (1, 2)]
    assert rates == [0.4 * 1 / 4, 0.4 * 3 / 4]


def test_the_first_stage_has_no_strides_at_low_resolution():
    parts = [Part("stage1", 8, (2,) * 2), Part("stage2", 8, (2,))]
    assert model_of(parts).output.shape[1:3] == (4, 6)
    small = model_of(parts, low_resolution=True)
    assert small.output.shape[1:3] == (8, 12)
    assert names(small, "add") == ["stage1_block1_add", "stage1_block2_add"]
    assert (minimum(low_resolution=False), minimum(low_resolution=True, alpha=2)) == (32, 8)


def test_gates_are_given_the_block_s_input():
    calls = []

    def gate(x, units, filters, *, name):
        calls.append((x.shape[-1], filters, name))
        return x

    parts = [Part("stage1", 16, (6, 6), squeeze_excite=True), Part("stage2", 16, (6,))]
    model_of(parts, gate=gate)
    assert calls == [(48, 8, "stage1_block1"), (96, 16, "stage1_block2")]


def test_numbers_of_blocks():
    parts = (Part("stage1", 8, (6, 5, 4)), Part("stage2", 8, (3,)))
    assert with_depths(parts, None) is parts
    assert [part.expansions for part in with_depths(parts, (2, 3))] == [(6, 5), (3, 3, 3)]
    assert [part.expansions for part in with_depths(parts, (5, 1))] == [(6, 5, 4, 4, 4), (3,)]
    with pytest.raises(ValueError, match=r"`depths` must be .* 2 of them. Received: depths=\(1,\)"):
        with_depths(parts, (1,))


@pytest.mark.parametrize("value", [0, -1, "wide", None, float("inf"), True])
def test_a_multiplier_is_positive(value):
    with pytest.raises(ValueError, match="`alpha` must be a positive number. Received: alpha="):
        multiplier("alpha", value)
    assert multiplier("alpha", 0.5) == 0.5


def test_names_in_timm():
    parts = [Part("stem", 8, (1,)), Part("stage3a", 8, (6,)), Part("stage3b", 8, (4,), fused=True)]
    rules = torch_names(torch_units(parts), [(r"stage4_last_conv", "blocks.3.0.conv")])

    def module(layer):
        return torch_name(layer, rules)

    assert module("stem_conv") == "conv_stem"
    assert module("stem_block1_project_norm") == "blocks.0.0.bn2"
    assert module("stage3a_block2_project_norm") == "blocks.1.1.bn3"
    assert module("stage3a_block10_squeeze_conv") == "blocks.1.9.se.conv_reduce"
    assert module("stage3b_block1_expand_conv") == "blocks.2.0.conv_exp"
    assert module("stage4_last_conv") == "blocks.3.0.conv"
    assert module("predictions") == "classifier"
