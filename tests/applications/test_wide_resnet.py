"""Wide ResNets: counts of the paper, order, dropout within blocks, equal to timm's."""

import numpy as np
import pytest
from helpers import model_peers

from kerasbook.applications import create_model, feature_maps, model_info
from kerasbook.applications.graph import operations

# Millions in Zagoruyko and Komodakis, 2016, tables 4 and 5; layers, width, exact number.
PAPER = {
    "wideresnet16_2": (0.7, 16, 2, 691_674),
    "wideresnet28_10": (36.5, 28, 10, 36_479_194),
}


@pytest.mark.parametrize("name", PAPER)
def test_counts_are_those_of_the_paper(name):
    millions, layers, width, exact = PAPER[name]
    total, channels = 3 * 16 * 9, 16
    for filters in (16 * width, 32 * width, 64 * width):
        for _ in range((layers - 4) // 6):
            total += 2 * channels + 9 * channels * filters + 2 * filters + 9 * filters * filters
            total += channels * filters if channels != filters else 0
            channels = filters
    total += 2 * channels + channels * 10 + 10
    assert model_info(name).trainable_parameters == exact == total
    assert round(exact / 1e6, 1) == millions


def test_for_large_images_it_is_that_of_timm(rng):
    """With few blocks for the sake of time; `test_parameter_counts.py` counts those of all."""

    def twin(torch):
        options = {"layers": (2, 1, 1, 1), "num_classes": 7}
        return torch.timm.create_model("wide_resnet50_2", **options)

    model_peers.assert_like_torch("wideresnet50_2", rng, twin, depths=(2, 1, 1, 1))


def test_maps_halve_twice_and_are_wide():
    maps = feature_maps(model_peers.built("wideresnet16_2", input_shape=(32, 48, 3)))
    assert [(m.name, m.stride, m.channels) for m in maps] == [
        ("stem", 1, 16),
        ("stage1", 1, 32),
        ("stage2", 2, 64),
        ("stage3", 4, 128),
    ]


def test_order_of_a_block():
    model = create_model("wide_resnet_test", block_dropout=0.3)
    names = [o.name for o in operations(model) if o.name.startswith("stage2_block1")]
    assert [name.removeprefix("stage2_block1_") for name in names] == [
        "1_norm",
        "1_act",
        "shortcut_conv",
        "1_pad",
        "1_conv",
        "2_norm",
        "2_act",
        "dropout",
        "2_conv",
        "add",
    ]


def test_the_width_factor_multiplies_the_stages(rng):
    images = rng.normal(size=(1, 8, 13, 3)).astype("float32")
    model = create_model("wide_resnet_test", width_factor=3, include_top=False, pooling="avg")
    assert np.asarray(model(images)).shape == (1, 4 * 3 * 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (3, 32, 3)}, r"at least 4 pixels.*\(3, 32, 3\)"),
        ({"width_factor": 1.5}, "`width_factor` must be a positive integer.*width_factor=1.5"),
        ({"block_dropout": -0.1}, r"`block_dropout` must be in \[0, 1\)"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("wideresnet16_2", **arguments)
