"""ResNets before activation: equal to Keras' and timm's, order, strides, dropout, bad input."""

import keras
import numpy as np
import pytest
from helpers import model_peers

from kerasbook.applications import (
    ResNet50V2,
    ResNet164V2,
    create_model,
    feature_maps,
    features,
    model_info,
)
from kerasbook.applications.graph import operations

# Millions in the comparison with others on CIFAR-10 of He et al., 2016 (identity mappings): those
# of kernels and biases, without normalizations.
PAPER = {"resnet164v2": 1.7, "resnet1001v2": 10.2}


def test_is_that_of_keras(rng):
    model_peers.assert_like_keras("resnet50v2", rng, shape=(49, 66, 3))


def test_without_the_top_it_is_that_of_keras_on_odd_sizes(rng):
    arguments = {"include_top": False, "pooling": "max", "shape": (49, 67, 3)}
    model_peers.assert_like_keras("resnet50v2", rng, **arguments)


@pytest.mark.parametrize(("layers", "shape"), [(50, (49, 66, 3)), (152, (64, 96, 3))])
def test_is_that_of_timm(layers, shape, rng):
    """With few blocks for the sake of time; `test_parameter_counts.py` counts those of all."""
    depths = (1, 2, 1, 1)

    def twin(torch):
        return torch.timm.create_model(f"resnetv2_{layers}", layers=depths, num_classes=7)

    model_peers.assert_like_torch(f"resnet{layers}v2", rng, twin, shape=shape, depths=depths)


@pytest.mark.parametrize("name", PAPER)
def test_counts_are_those_of_the_paper(name):
    layers = int(name.removeprefix("resnet").removesuffix("v2"))
    kernels, vectors, channels = 3 * 16 * 9, 0, 16
    for inner in (16, 32, 64):
        for _ in range((layers - 2) // 9):
            kernels += channels * inner + 9 * inner * inner + inner * 4 * inner
            kernels += channels * 4 * inner if channels != 4 * inner else 0
            vectors += 2 * channels + 4 * inner
            channels = 4 * inner
    kernels, vectors = kernels + 256 * 10 + 10, vectors + 2 * 256
    assert round(kernels / 1e6, 1) == PAPER[name]
    assert model_info(name).trainable_parameters == kernels + vectors


@pytest.mark.parametrize("convention", ["keras", "torch"])
def test_stages_are_named_by_their_stride(convention):
    model = model_peers.built("resnet50v2", input_shape=(64, 96, 3), convention=convention)
    maps = feature_maps(model)
    assert [(m.name, m.stride) for m in maps] == [
        ("stem", 4),
        ("stage1", 4),
        ("stage2", 8),
        ("stage3", 16),
        ("stage4", 32),
    ]
    for entry in maps:
        assert model.get_layer(entry.layer).output.shape[1] == 64 // entry.stride
    assert maps[-1].layer == "stage4_act"


def test_every_convolution_of_a_block_follows_normalization_and_activation():
    """The order of the paper, BN-ReLU-Conv; after the addition comes the next block alone."""
    names = [o.name for o in operations(create_model("resnet_v2_test")) if "block2" not in o.name]
    for stage in (1, 2, 3):
        for number in (1, 2, 3):
            name = f"stage{stage}_block1_{number}"
            places = [names.index(f"{name}_{part}") for part in ("norm", "act", "conv")]
            assert places == sorted(places)
        assert f"stage{stage}_block1_act" not in names


def test_a_dead_branch_leaves_what_comes_in(rng):
    model = create_model("resnet_v2_test", depths=(2,), input_shape=(8, 12, 3))
    kernel = model.get_layer("stage1_block2_3_conv").kernel
    kernel.assign(np.zeros(kernel.shape))
    before, after = (model.get_layer(f"stage1_block{n}_add").output for n in (1, 2))
    images = rng.normal(size=(2, 8, 12, 3)).astype("float32")
    first, second = keras.Model(model.input, [before, after])(images)
    np.testing.assert_array_equal(first, second)
    assert np.asarray(second).min() < 0  # nothing cuts it off


def test_block_dropout_stands_before_the_last_convolution(rng):
    model = create_model("resnet_v2_test", block_dropout=0.5)
    dropped = [layer for layer in model.layers if layer.name.endswith("_dropout")]
    assert [layer.rate for layer in dropped] == [0.5] * 3
    images = rng.normal(size=(2, 32, 32, 3)).astype("float32")
    maps = features(model, "stage1")
    assert np.abs(maps(images, training=True) - maps(images)).max() > 0
    np.testing.assert_array_equal(maps(images), maps(images))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (31, 64, 3)}, r"at least 32 pixels.*\(31, 64, 3\)"),
        ({"input_shape": (64, 7, 3), "low_resolution": True}, r"at least 8 pixels.*\(64, 7, 3\)"),
        ({"width_factor": 0}, "`width_factor` must be a positive integer.*width_factor=0"),
        ({"depths": (1, 0, 1)}, r"`depths` must be a positive integer or a list of .*\(1, 0, 1\)"),
        ({"block": "plain"}, "`block` must be one of .*'plain'"),
        ({"block_dropout": 1.0}, r"`block_dropout` must be in \[0, 1\)"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("resnet50v2", **arguments)


def test_those_for_small_images_are_described_as_they_are():
    assert "7 x 7" in ResNet50V2.__doc__
    assert "7 x 7" not in ResNet164V2.__doc__
    assert "three stages" in ResNet164V2.__doc__


def test_without_normalization_there_are_biases():
    model = create_model("resnet_v2_test", normalization=None)
    assert all(layer.use_bias for layer in model.layers if hasattr(layer, "kernel_size"))
