"""VGG: equal to Keras' and timm's, the book's counts, stages, bad input."""

import math

import pytest
from helpers import model_peers

from kerasbook.analysis import weightless
from kerasbook.applications import create_model, feature_maps


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("vgg16", {"shape": (32, 40, 3)}), ("vgg19", {"include_top": False, "pooling": "max"})],
)
def test_is_that_of_keras(name, arguments, rng):
    model_peers.assert_like_keras(name, rng, deviation=60, **arguments)  # that of pixels


@pytest.mark.parametrize(("name", "twin"), [("vgg11", "vgg11"), ("vgg13bn", "vgg13_bn")])
def test_is_that_of_timm(name, twin, rng):
    def make(torch):
        layers, _, normalized = twin.partition("_")
        return torch.timm.models.vgg.VGG(
            torch.timm.models.vgg.cfgs[layers],
            num_classes=7,
            mlp_ratio=20 / 4096,  # of the first hidden layer
            norm_layer=torch.torch.nn.BatchNorm2d if normalized else None,
        )

    model_peers.assert_like_torch(name, rng, make, shape=(224, 224, 3), units=(20, 4096))


def test_the_columns_of_the_book():
    """Values of every map and weights without biases, as the book's table counts VGG-16."""
    model = weightless(lambda: create_model("vgg16"))
    rows = [
        layer.output
        for layer in model.layers
        if not layer.name.endswith("_act") and layer.name not in ("flatten", "probabilities")
    ]
    sizes = [math.prod(row.shape[1:]) for row in rows]
    assert len(rows) == 1 + 13 + 5 + 3
    assert sum(sizes) == 15_237_608  # the book says 24M, which its own column contradicts
    assert sum(math.prod(w.shape) for w in model.weights if w.name == "kernel") == 138_344_128


def test_stages_end_in_poolings():
    maps = [(m.name, m.layer, m.stride, m.channels) for m in feature_maps(create_model("vgg_test"))]
    assert maps == [
        ("stem", "stem_pool", 2, 8),
        ("stage1", "stage1_pool", 4, 16),
        ("stage2", "stage2_pool", 8, 32),
        ("stage3", "stage3_pool", 16, 64),
        ("stage4", "stage4_pool", 32, 64),
    ]


def test_dropout_and_normalization_are_arguments():
    model = create_model("vgg_test", dropout=0.5, normalization="group")
    names = [layer.name for layer in model.layers]
    assert names[-7:] == [
        *("dense1_act", "dropout1", "dense2", "dense2_act", "dropout2"),
        *("predictions", "probabilities"),
    ]
    assert names.index("stem_1_norm") == names.index("stem_1_conv") + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (31, 32, 3)}, r"at least 32 pixels.*\(31, 32, 3\)"),
        ({"input_shape": (7, 8, 3), "depths": (1, 1, 1)}, r"at least 8 pixels.*\(7, 8, 3\)"),
        ({"input_shape": (None, 32, 3)}, r"must be static.*\(None, 32, 3\)"),
        ({"depths": (1, 0)}, r"`depths` must be a positive integer or a list.*\(1, 0\)"),
        ({"units": (8, -1)}, r"`units` must be a positive integer or a list.*\(8, -1\)"),
        ({"convention": "keras"}, "`convention` must be one of .*'keras'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("vgg_test", **arguments)
