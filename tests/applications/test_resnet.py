"""ResNets: equal to Keras' and timm's, strides, stems, bad input."""

import keras
import numpy as np
import pytest
from helpers import model_peers

from kerasbook.analysis import weightless
from kerasbook.applications import create_model


@pytest.mark.parametrize("shape", [(49, 66, 3), (64, 64, 3)])
def test_is_that_of_keras(shape, rng):
    model_peers.assert_like_keras("resnet50", rng, shape=shape)


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_is_that_of_timm(name, rng):
    """With few blocks for the sake of time; `test_parameter_counts.py` counts those of all."""
    depths = (1, 2, 1, 1)

    def twin(torch):
        return torch.timm.create_model(name, layers=depths, num_classes=7)

    model_peers.assert_like_torch(name, rng, twin, depths=depths)


def test_resnet50_has_the_order_of_keras_weights():
    theirs = weightless(lambda: keras.applications.ResNet50(weights=None))
    ours = model_peers.built("resnet50")
    assert [(w.name, w.shape) for w in ours.weights] == [(w.name, w.shape) for w in theirs.weights]


@pytest.mark.parametrize(("name", "channels"), [("resnet18", 512), ("resnet50", 2048)])
def test_strides_and_low_resolution(name, channels):
    options = {"include_top": False, "input_shape": (64, 96, 3)}
    assert model_peers.built(name, **options).output.shape == (None, 2, 3, channels)
    small = model_peers.built(name, low_resolution=True, **options)
    assert small.output.shape == (None, 8, 12, channels)
    pooled = model_peers.built(name, include_top=False, pooling="avg")
    assert pooled.output.shape == (None, channels)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (31, 64, 3)}, r"at least 32 pixels.*\(31, 64, 3\)"),
        ({"input_shape": (7, 8, 3), "low_resolution": True}, r"at least 8 pixels.*\(7, 8, 3\)"),
        ({"block": "plain"}, "`block` must be one of .*'plain'"),
        ({"depths": (1, -1)}, r"`depths` must be a positive integer or a list of .*\(1, -1\)"),
        ({"depths": (1, 0, 1)}, r"`depths` must be a positive integer or a list of .*\(1, 0, 1\)"),
        ({"depths": (1, "a")}, "`depths` must be a positive integer or a list of .*'a'"),
        (
            {"filters": 16, "group_width": 3},
            "`group_width` must leave a channel .*group_width=3, filters=16",
        ),
        ({"convention": "keras"}, "`convention` must be one of .*'keras'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("resnet18", **arguments)


def test_one_number_of_blocks_is_one_stage():
    names = [layer.name for layer in create_model("resnet_test", depths=2).layers]
    assert "stage1_block2_add" in names
    assert not [name for name in names if name.startswith("stage2")]


def test_without_normalization_there_are_biases():
    model = create_model("resnet_test", normalization=None)
    assert all(layer.use_bias for layer in model.layers if hasattr(layer, "kernel_size"))
    assert not [layer for layer in model.layers if layer.name.endswith("_norm")]


def test_drop_path_rises_to_its_rate():
    model = create_model("resnet_test", drop_path=0.3)
    rates = [layer.rate for layer in model.layers if layer.name.endswith("_drop")]
    np.testing.assert_allclose(rates, [0.1, 0.2, 0.3])
