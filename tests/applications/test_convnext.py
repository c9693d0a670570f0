"""ConvNeXt: equal to Keras' and timm's, scales, maps, bad input."""

import keras
import numpy as np
import pytest
from helpers import model_peers

from kerasbook.analysis import weightless
from kerasbook.applications import create_model, feature_maps, features, model_info


@pytest.fixture
def without_compilation():
    """Keeps Keras from sending its grouped convolutions through XLA, which takes 20 seconds."""
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.parametrize(
    "arguments", [{}, {"include_top": False}, {"include_top": False, "pooling": "avg"}]
)
def test_is_that_of_keras(arguments, rng, without_compilation):
    arguments = {"include_preprocessing": False, "shape": (32, 64, 3), **arguments}
    model_peers.assert_like_keras("convnexttiny", rng, **arguments)


def test_scales_images_as_keras_does(rng):
    twin = weightless(lambda: keras.applications.ConvNeXtTiny(weights=None))
    within = next(layer for layer in twin.layers if isinstance(layer, keras.layers.Normalization))
    images = rng.uniform(0, 255, (2, 4, 5, 3)).astype("float32")
    scale = (images - np.reshape(within.input_mean, 3)) / np.sqrt(
        np.reshape(within.input_variance, 3)
    )
    ours = model_info("convnexttiny").preprocess_input(images)
    np.testing.assert_allclose(ours, scale, atol=1e-5)


@pytest.mark.parametrize(("size", "shape"), [("tiny", (64, 96, 3)), ("base", (49, 66, 3))])
def test_is_that_of_timm(size, shape, rng):
    """With few blocks for the sake of time; `test_parameter_counts.py` counts those of all."""
    depths = (1, 1, 2, 1)

    def twin(torch):
        return torch.timm.create_model(f"convnext_{size}", depths=depths, num_classes=7)

    model_peers.assert_like_torch(f"convnext{size}", rng, twin, shape=shape, depths=depths)


def test_branches_begin_small(rng):
    images = rng.normal(size=(2, 32, 32, 3)).astype("float32")
    model = create_model("convnext_test", layer_scale=1e-6)  # as in all but this size
    stem, stage = (np.asarray(part) for part in features(model, ["stem", "stage1"])(images))
    assert 0 < np.abs(stage - stem).max() < 1e-3
    without = create_model("convnext_test", layer_scale=None)
    assert not [layer for layer in without.layers if layer.name.endswith("_scale")]


def test_maps_have_the_strides_of_their_stages():
    maps = feature_maps(model_peers.built("convnexttiny", input_shape=(64, 96, 3)))
    assert [(m.name, m.stride, m.channels) for m in maps] == [
        ("stem", 4, 96),
        ("stage1", 4, 96),
        ("stage2", 8, 192),
        ("stage3", 16, 384),
        ("stage4", 32, 768),
    ]


def test_drop_path_rises_to_its_rate():
    model = create_model("convnext_test", drop_path=0.5)
    rates = [layer.rate for layer in model.layers if layer.name.endswith("_drop")]
    np.testing.assert_allclose(rates, [0.25, 0.5])


@pytest.mark.parametrize("normalization", ["batch", "group", None])
def test_other_normalizations(normalization, rng):
    model = create_model("convnext_test", normalization=normalization, classes=4)
    kinds = {type(layer).__name__ for layer in model.layers if layer.name.endswith("_norm")}
    names = {"batch": {"BatchNormalization"}, "group": {"GroupNormalization"}, None: set()}
    assert kinds == names[normalization]
    assert np.isfinite(model(rng.normal(size=(2, 32, 32, 3)))).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (31, 64, 3)}, r"at least 32 pixels.*\(31, 64, 3\)"),
        ({"input_shape": (64, 15, 3), "patch_size": 2}, r"at least 16 pixels.*\(64, 15, 3\)"),
        ({"patch_size": 0}, "`patch_size` must be a positive integer. Received: patch_size=0"),
        ({"depths": (1, 0, 1)}, r"`depths` must be a positive integer or a list of .*\(1, 0, 1\)"),
        ({"layer_scale": 0}, "`layer_scale` must be above 0, or None. Received: layer_scale=0"),
        ({"depths": 2}, "`filters` must be a positive integer or 1 of them"),
        ({"filters": (96, 192)}, "`filters` must be a positive integer or 4 of them"),
        ({"expansion": 0.5}, "`expansion` must be a positive integer"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("convnexttiny", **arguments)
