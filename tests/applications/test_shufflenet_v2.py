"""ShuffleNet V2: equal to torchvision's and to the block of the layers, maps, bad input."""

import keras
import numpy as np
import pytest
from helpers import model_peers

from kerasbook import layers
from kerasbook.applications import create_model, feature_maps


@pytest.mark.parametrize(("width", "shape"), [("0_5", (64, 96, 3)), ("1_0", (49, 66, 3))])
def test_is_that_of_torchvision(width, shape, rng):
    def twin(torch):
        import torchvision

        model = getattr(torchvision.models, f"shufflenet_v2_x{width}")(num_classes=7)
        for kernel in model.parameters():
            if kernel.ndim == 4:  # as small as torch begins with, all images would be alike
                torch.torch.nn.init.kaiming_normal_(kernel)
        return model

    model_peers.assert_like_torch(f"shufflenetv2x{width}", rng, twin, shape=shape)


@pytest.mark.parametrize("number", [1, 2])
def test_a_block_is_that_of_the_layers(number, rng):
    """With strides on maps of odd sizes, where both ways to pad are alike."""
    model = create_model("shufflenet_v2_test", input_shape=(13, 21, 3))
    before = model.get_layer("stem_act" if number == 1 else "stage2_block1_shuffle").output
    name, strides = f"stage2_block{number}", 2 if number == 1 else 1
    ours = keras.Model(before, model.get_layer(f"{name}_shuffle").output)
    normalization = layers.BatchNormalization(epsilon=1e-5)
    unit = layers.ShuffleUnit(
        16, strides=strides, activation="relu", normalization=normalization, use_bias=False
    )
    unit.build(before.shape)
    values = []
    for part in ("shortcut_1", "shortcut_2", "1", "2", "3")[2 * (number - 1) :]:
        for kind in ("conv", "norm"):
            layer = model.get_layer(f"{name}_{part}_{kind}")
            values += [rng.uniform(0.5, 1.5, w.shape) for w in layer.weights]
            layer.set_weights(values[-len(layer.weights) :])
    unit.set_weights(values)
    x = rng.normal(size=(2, *before.shape[1:])).astype("float32")
    theirs = unit(x)
    assert np.asarray(theirs).std() > 0.1
    np.testing.assert_allclose(ours(x), theirs, rtol=1e-4, atol=1e-4)


def test_maps_have_the_strides_of_their_stages():
    maps = feature_maps(model_peers.built("shufflenetv2x0_5", input_shape=(64, 96, 3)))
    assert [(m.name, m.stride, m.channels) for m in maps] == [
        ("stem", 2, 24),
        ("stage1", 4, 24),
        ("stage2", 8, 48),
        ("stage3", 16, 96),
        ("stage4", 32, 1024),
    ]


def test_low_resolution_leaves_an_eighth():
    options = {"include_top": False, "input_shape": (32, 48, 3), "low_resolution": True}
    model = model_peers.built("shufflenetv2x0_5", **options)
    assert model.output.shape == (None, 4, 6, 1024)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (31, 64, 3)}, r"at least 32 pixels.*\(31, 64, 3\)"),
        ({"input_shape": (64, 7, 3), "low_resolution": True}, r"at least 8 pixels.*\(64, 7, 3\)"),
        ({"filters": (24, 33, 64)}, r"`filters` must be even. Received: filters=\(24, 33, 64\)"),
        ({"depths": (1, "a", 1)}, "`depths` must be a positive integer or a list of .*'a'"),
        ({"depths": 2}, "`filters` must be a positive integer or 1 of them"),
        ({"filters": (24, 48)}, "`filters` must be a positive integer or 3 of them"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("shufflenetv2x0_5", **arguments)
