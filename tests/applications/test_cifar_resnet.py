"""ResNets for small images: counts of the paper, shortcuts without weights, maps, bad input."""

import numpy as np
import pytest
from helpers import model_peers

from kerasbook.applications import create_model, feature_maps, features, from_timm, model_info

# Millions of parameters in He et al., 2016, table 6, and what they are exactly.
PAPER = {
    "resnet20": (0.27, 269_722),
    "resnet32": (0.46, 464_154),
    "resnet44": (0.66, 658_586),
    "resnet56": (0.85, 853_018),
    "resnet110": (1.7, 1_727_962),
}


def trainable_parameters(layers, squeeze_excite=None):
    """Returns what the paper's description adds up to, layer by layer."""
    blocks, total, channels = (layers - 2) // 6, 3 * 16 * 9 + 2 * 16, 16
    for filters in (16, 32, 64):
        for _ in range(blocks):
            total += 9 * channels * filters + 9 * filters * filters + 4 * filters
            channels = filters
            if squeeze_excite:
                hidden = filters // squeeze_excite
                total += 2 * filters * hidden + hidden + filters
    return total + 64 * 10 + 10


@pytest.mark.parametrize("name", PAPER)
def test_counts_are_those_of_the_paper(name):
    millions, exact = PAPER[name]
    layers = int(name.removeprefix("resnet"))
    assert model_info(name).trainable_parameters == exact == trainable_parameters(layers)
    assert round(exact / 1e6, 2 if millions < 1 else 1) == millions
    gated = model_info(f"se{name}").trainable_parameters
    assert gated == trainable_parameters(layers, squeeze_excite=16)


def test_projections_are_what_a_shortcut_to_another_shape_may_be_too():
    extra = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    assert model_peers.counts("resnet20", shortcut="projection")[1] == 269_722 + extra


def test_maps_halve_twice():
    maps = feature_maps(model_peers.built("resnet20", input_shape=(32, 48, 3)))
    assert [(m.name, m.stride, m.channels) for m in maps] == [
        ("stem", 1, 16),
        ("stage1", 1, 16),
        ("stage2", 2, 32),
        ("stage3", 4, 64),
    ]


def test_identity_takes_every_second_pixel_and_adds_zeros(rng):
    model = create_model("cifar_resnet_test", input_shape=(8, 13, 3), squeeze_excite=None)
    for layer in model.layers:  # branches end in zero, so that the shortcuts alone are left
        if layer.name.endswith("_2_norm"):
            layer.gamma.assign(np.zeros(layer.gamma.shape))
    images = rng.normal(size=(2, 8, 13, 3)).astype("float32")
    first, *maps = (np.asarray(m) for m in features(model, ["stem", "stage2", "stage3"])(images))
    for number, later in enumerate(maps, 1):
        step, channels = 2**number, 8 * 2**number
        np.testing.assert_array_equal(later[..., :8], first[:, ::step, ::step])
        np.testing.assert_array_equal(later[..., 8:], np.zeros((*later.shape[:3], channels - 8)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (3, 32, 3)}, r"at least 4 pixels.*\(3, 32, 3\)"),
        ({"shortcut": "zeros"}, "`shortcut` must be one of .*'zeros'"),
        ({"drop_path": 1}, r"`drop_path` must be in \[0, 1\). Received: drop_path=1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("resnet20", **arguments)


def test_there_is_no_twin_in_timm():
    with pytest.raises(ValueError, match="`name` must be a model whose twin in timm is known"):
        from_timm({}, "resnet20")
