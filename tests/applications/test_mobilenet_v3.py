"""MobileNetV3: equal to Keras' and timm's, minimalistic forms, stages, bad input."""

import numpy as np
import pytest
from helpers import model_peers

from kerasbook.applications import create_model, feature_maps

MINIMAL = {"minimalistic": True, "include_preprocessing": False, "alpha": 1.3}


@pytest.mark.parametrize(
    ("name", "shape", "arguments"),
    [
        ("mobilenetv3large", (64, 96, 3), {"include_preprocessing": True, "deviation": 80.0}),
        ("mobilenetv3small", (75, 41, 3), MINIMAL),
    ],
    ids=["scaled within", "minimalistic, odd sizes"],
)
def test_is_that_of_keras(name, shape, arguments, rng):
    model_peers.assert_like_keras(name, rng, shape=shape, calibrate=True, **arguments)


@pytest.mark.parametrize(("size", "alpha"), [("large", 0.75), ("small", 1.0)])
def test_is_that_of_timm(size, alpha, rng):
    def make(torch):
        return torch.timm.create_model(f"mobilenetv3_{size}_{100 * alpha:03.0f}", num_classes=7)

    model_peers.assert_like_torch(f"mobilenetv3{size}", rng, make, calibrate=True, alpha=alpha)


def test_stages_are_named_by_their_stride():
    rows = {
        "mobilenetv3large": (16, 24, 40, 80, 112, 112, 160, 960),
        "mobilenetv3small": (16, 16, 24, 40, 48, 48, 96, 576),
    }
    names = ("stem", "stage1", "stage2", "stage3a", "stage3b", "stage3", "stage4a", "stage4")
    strides = (2, 4, 8, 16, 16, 16, 32, 32)
    for name, channels in rows.items():
        maps = feature_maps(model_peers.built(name, input_shape=(64, 96, 3)))
        expected = list(zip(names, strides, channels, strict=True))
        assert [(m.name, m.stride, m.channels) for m in maps] == expected


def test_activations_are_those_of_the_paper_or_the_given_ones():
    def activations(**arguments):
        model = model_peers.built("mobilenetv3_test", **arguments)
        return {
            layer.name: layer.activation.__name__
            for layer in model.layers
            if layer.name.endswith("_act")
        }

    published = activations()
    assert published["stem_act"] == published["stage3a_block1_expand_act"] == "hard_silu"
    assert published["dense1_act"] == published["stage4_last_act"] == "hard_silu"
    assert published["stage1_block1_depthwise_act"] == "relu"
    assert published["stage1_block1_excite_act"] == "hard_sigmoid"
    given = activations(activation="gelu", early_activation="elu")
    assert given["stem_act"] == given["dense1_act"] == "gelu"
    assert given["stage1_block1_depthwise_act"] == given["stage2_block1_expand_act"] == "elu"
    assert activations(activation="gelu")["stage1_block1_depthwise_act"] == "gelu"
    assert set(activations(minimalistic=True).values()) == {"relu"}
    assert activations(minimalistic=True, activation="gelu")["stem_act"] == "gelu"


def test_all_hidden_layers_begin_as_they_are_told():
    model = create_model("mobilenetv3_test", kernel_initializer="zeros")
    kernels = {w.path: np.any(w) for w in model.weights if w.name == "kernel"}
    assert [path for path, is_set in kernels.items() if is_set] == ["predictions/kernel"]


def test_minimalistic_forms_have_neither_gates_nor_wide_kernels():
    model = model_peers.built("mobilenetv3small", minimalistic=True)
    assert {layer.kernel_size[0] for layer in model.layers if hasattr(layer, "kernel_size")} == {
        1,
        3,
    }
    assert not [layer for layer in model.layers if "squeeze" in layer.name]


def test_gates_are_a_quarter_wide_in_multiples_of_eight():
    model = model_peers.built("mobilenetv3small")
    hidden = model.get_layer("stage3a_block1_squeeze_conv").filters
    assert model.get_layer("stage3a_block1_expand_conv").filters == 96
    assert hidden == 24
    assert model.get_layer("stage1_block1_squeeze_conv").filters == 8  # not 4


def test_dropout_and_drop_path():
    model = model_peers.built("mobilenetv3small", drop_path=0.22)
    assert model.get_layer("dropout").rate == 0.2
    rates = [layer.rate for layer in model.layers if layer.name.endswith("_drop")]
    np.testing.assert_allclose(rates, [0.22 * b / 11 for b in (2, 4, 5, 7, 9, 10)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (31, 64, 3)}, r"at least 32 pixels.*\(31, 64, 3\)"),
        ({"variant": "medium"}, "`variant` must be one of .*'medium'"),
        ({"alpha": -1}, "`alpha` must be a positive number. Received: alpha=-1"),
        ({"minimalistic": "yes"}, "`minimalistic` must be True or False.*'yes'"),
        ({"last_filters": 0}, "`last_filters` must be a positive integer.*0"),
        ({"depths": (1, 2)}, r"`depths` must be .*depths=\(1, 2\)"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("mobilenetv3large", **arguments)
