"""ShuffleNet: costs of the paper, blocks as those of the layers, maps, bad input."""

import keras
import numpy as np
import pytest
from helpers import model_peers

from kerasbook import layers
from kerasbook.analysis import cost
from kerasbook.applications import create_model, feature_maps, model_info

# Millions of multiply-adds in Zhang et al., 2018, table 1, without the classifier.
GROUPS = {1: 143, 2: 140, 3: 137, 4: 133, 8: 137}
# Those of wider and narrower networks in tables 2 and 5, with it; and trainable parameters, which
# the paper does not give: `parameters` below adds them up from its table 1.
SIZES = {
    "shufflenetv1": (None, 1_865_728),
    "shufflenetv1x0_5": (38, 718_324),
    "shufflenetv1x1_5": (292, 3_442_168),
    "shufflenetv1x2_0": (524, 5_450_776),
}


def parameters(alpha, stem, groups=3):
    """Returns the sum of the weights of all convolutions, normalizations and the classifier."""
    total, channels = 27 * stem + 2 * stem, stem
    for stage, depth in enumerate((4, 8, 4)):
        filters = round(240 * alpha) * 2**stage
        for number in range(depth):
            inner, new = filters // 4, filters - channels if number == 0 else filters
            first = 1 if stage == number == 0 else groups
            total += channels * inner // first + 9 * inner + inner * new // groups
            total += 2 * (inner + inner + new)
            channels = filters
    return total + channels * 1000 + 1000


@pytest.mark.parametrize("groups", GROUPS)
def test_groups_cost_what_the_paper_says(groups):
    channels = {1: 576, 2: 800, 3: 960, 4: 1088, 8: 1536}[groups]
    found = cost(model_peers.built("shufflenetv1", groups=groups)).multiply_adds
    assert round((found - channels * 1000) / 1e6) == GROUPS[groups]


@pytest.mark.parametrize("name", SIZES)
def test_sizes_cost_what_the_paper_says(name):
    millions, exact = SIZES[name]
    alpha = float((name.partition("x")[2] or "1").replace("_", "."))
    stem = {0.5: 12, 2.0: 48}.get(alpha, 24)
    info = model_info(name)
    assert info.trainable_parameters == exact == parameters(alpha, stem)
    if millions:
        assert round(info.multiply_adds / 1e6) == millions


def test_a_residual_block_is_that_of_the_layers(rng):
    model = create_model("shufflenet_test", input_shape=(8, 13, 3))
    before = model.get_layer("stage3_block1_act").output
    ours = keras.Model(before, model.get_layer("stage3_block2_act").output)
    unit = layers.ShuffleUnit(
        before.shape[-1],
        version=1,
        groups=3,
        activation="relu",
        normalization=layers.BatchNormalization(epsilon=1e-5),
        use_bias=False,
    )
    unit.build(before.shape)
    values = []
    for part in (1, 2, 3):
        for kind in ("conv", "norm"):
            layer = model.get_layer(f"stage3_block2_{part}_{kind}")
            values += [rng.uniform(-0.5, 1.5, w.shape) ** 2 for w in layer.weights]
            layer.set_weights(values[-len(layer.weights) :])
    unit.set_weights(values)
    x = rng.normal(size=(2, *before.shape[1:])).astype("float32")
    theirs = unit(x)
    assert np.asarray(theirs).std() > 0.1
    np.testing.assert_allclose(ours(x), theirs, rtol=1e-4, atol=1e-4)


def test_the_first_block_has_groups_at_its_end_alone():
    model = create_model("shufflenet_test")
    groups = {n: model.get_layer(f"stage2_block{n}_1_conv").groups for n in (1, 2)}
    assert groups == {1: 1, 2: 3}
    assert model.get_layer("stage2_block1_3_conv").groups == 3
    shuffles = [layer for layer in model.layers if isinstance(layer, layers.ChannelShuffle)]
    assert [layer.groups for layer in shuffles] == [3] * 5


def test_a_stage_begins_with_the_averages_of_its_input(rng):
    model = create_model("shufflenet_test", input_shape=(8, 12, 3))
    pooled = model.get_layer("stage2_block1_shortcut_pool").output
    parts = keras.Model(model.input, [pooled, model.get_layer("stage2_block1_act").output])
    kept, both = parts(rng.normal(size=(2, 8, 12, 3)).astype("float32"))
    np.testing.assert_array_equal(both[..., : kept.shape[-1]], kept)  # never negative


def test_maps_have_the_strides_of_their_stages():
    maps = feature_maps(model_peers.built("shufflenetv1", input_shape=(64, 96, 3)))
    assert [(m.name, m.stride, m.channels) for m in maps] == [
        ("stem", 2, 24),
        ("stage1", 4, 24),
        ("stage2", 8, 240),
        ("stage3", 16, 480),
        ("stage4", 32, 960),
    ]


def test_drop_path_rises_from_the_first_residual_block_to_the_last():
    model = create_model("shufflenet_test", depths=(2, 3, 1), drop_path=0.5)
    rates = {x.name: x.rate for x in model.layers if isinstance(x, layers.DropPath)}
    assert rates == {"stage3_block2_drop": 0.25, "stage3_block3_drop": 0.5}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (31, 64, 3)}, r"at least 32 pixels.*\(31, 64, 3\)"),
        ({"input_shape": (64, 7, 3), "low_resolution": True}, r"at least 8 pixels.*\(64, 7, 3\)"),
        ({"groups": 5}, r"`groups` must be one of \(1, 2, 3, 4, 8\). Received: groups=5"),
        ({"alpha": 0}, "`alpha` must be a positive number. Received: alpha=0"),
        ({"depths": (1, "a")}, "`depths` must be a positive integer or a list of .*'a'"),
        ({"stem_filters": 25}, "`stem_filters` must leave .*stem_filters=25 of 240, groups=3"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("shufflenetv1", **arguments)
