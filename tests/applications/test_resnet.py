"""ResNets: equal to Keras' and timm's, strides, stems, bad input."""

import model_peers
import numpy as np
import pytest

from kerasbook.applications import ResNet18, ResNet50, create_model


@pytest.mark.parametrize("name", ["resnet50", "resnet101"])
def test_is_that_of_keras(name, rng):
    model_peers.assert_like_keras(name, rng)


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_is_that_of_timm(name, rng):
    model_peers.assert_like_torch(
        name, rng, lambda torch: torch.timm.create_model(name, num_classes=7)
    )


def test_resnet50_has_the_order_of_keras_weights():
    import keras

    theirs = keras.applications.ResNet50(weights=None)
    ours = ResNet50()
    assert [(w.name, w.shape) for w in ours.weights] == [(w.name, w.shape) for w in theirs.weights]


@pytest.mark.parametrize("function", [ResNet18, ResNet50])
def test_strides_and_low_resolution(function):
    maps = function(include_top=False, input_shape=(64, 96, 3)).output.shape
    assert maps[1:3] == (2, 3)
    small = function(include_top=False, input_shape=(64, 96, 3), low_resolution=True).output.shape
    assert small[1:3] == (8, 12)
    assert function(include_top=False, pooling="avg").output.shape == (None, maps[-1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (31, 64, 3)}, r"at least 32 pixels.*\(31, 64, 3\)"),
        ({"input_shape": (7, 8, 3), "low_resolution": True}, r"at least 8 pixels.*\(7, 8, 3\)"),
        ({"block": "plain"}, "`block` must be one of .*'plain'"),
        ({"convention": "keras"}, "`convention` must be one of .*'keras'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("resnet18", **arguments)


def test_without_normalization_there_are_biases():
    model = create_model("resnet_test", normalization=None)
    assert all(layer.use_bias for layer in model.layers if hasattr(layer, "kernel_size"))
    assert not [layer for layer in model.layers if layer.name.endswith("_norm")]


def test_drop_path_rises_to_its_rate():
    model = create_model("resnet_test", drop_path=0.3)
    rates = [layer.rate for layer in model.layers if layer.name.endswith("_drop")]
    np.testing.assert_allclose(rates, [0.1, 0.2, 0.3])
