"""DenseNets: equal to Keras' and timm's, stages, options, bad input."""

import pytest
from helpers import model_peers

from kerasbook.applications import create_model, feature_maps


@pytest.mark.parametrize("shape", [(64, 96, 3), (49, 49, 3)])
def test_is_that_of_keras(shape, rng):
    model_peers.assert_like_keras("densenet121", rng, shape=shape)


@pytest.mark.parametrize(
    ("growth_rate", "depths", "bottleneck"), [(8, (2, 3, 1, 2), 3), (32, (2, 3, 4), 4)]
)
def test_is_that_of_timm(growth_rate, depths, bottleneck, rng):
    def make(torch):
        options = {"num_classes": 7, "bn_size": bottleneck}
        return torch.timm.models.DenseNet(growth_rate, depths, **options)

    options = {"growth_rate": growth_rate, "depths": depths, "bottleneck": bottleneck}
    model_peers.assert_like_torch("densenet121", rng, make, shape=(65, 93, 3), **options)


def test_stages_end_after_their_activations():
    maps = feature_maps(create_model("densenet_test", low_resolution=False))
    assert [(m.name, m.layer, m.stride, m.channels) for m in maps] == [
        ("stem", "stem_pool", 4, 16),
        ("stage1", "stage1_act", 4, 32),
        ("stage2", "stage2_act", 8, 24),
        ("stage3", "stage3_act", 16, 20),
        ("stage4", "stage4_act", 32, 18),
    ]


def test_options_set_the_widths():
    model = create_model(
        "densenet_test", depths=(2, 1), growth_rate=4, filters=6, bottleneck=3, compression=0.5
    )
    channels = {layer.name: layer.output.shape[-1] for layer in model.layers}
    assert channels["stem_conv"] == 6
    assert channels["stage1_block1_1_conv"] == 3 * 4
    assert channels["stage1_block2_concat"] == 6 + 2 * 4
    assert channels["stage2_transition_conv"] == 7
    plain = create_model("densenet_test", bottleneck=None, compression=1)
    names = [layer.name for layer in plain.layers]
    assert "stage1_block1_2_conv" in names
    assert "stage1_block1_1_conv" not in names
    assert plain.get_layer("stage2_transition_conv").filters == 16 + 2 * 8


def test_without_normalization_there_are_biases():
    model = create_model("densenet_test", normalization=None)
    assert all(layer.use_bias for layer in model.layers if hasattr(layer, "kernel_initializer"))
    assert not [layer for layer in model.layers if layer.name.endswith("_norm")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"growth_rate": 0}, "`growth_rate` must .*0"),
        ({"filters": 1.5}, "`filters` must .*1.5"),
        ({"bottleneck": 0}, "`bottleneck` must .*0"),
        ({"compression": 0}, r"`compression` must be in \(0, 1\]. Received: compression=0"),
        ({"compression": 1.5}, r"`compression` must be in \(0, 1\]"),
        ({"depths": (1, 0, 1)}, r"`depths` must be a positive integer or a list.*\(1, 0, 1\)"),
        ({"depths": (1, "a")}, r"`depths` must be a positive integer or a list.*'a'"),
        ({"input_shape": (7, 8, 3)}, r"at least 8 pixels.*\(7, 8, 3\)"),
        ({"input_shape": (15, 16, 3), "depths": (1,) * 5}, "at least 16 pixels"),
        ({"input_shape": (31, 32, 3), "low_resolution": False}, r"at least 32 pixels"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("densenet_test", **arguments)


@pytest.mark.parametrize(
    ("size", "options"),
    [
        (8, {}),
        (2, {"depths": (1, 1)}),
        (1, {"depths": 1}),
        (16, {"depths": (1,) * 5}),
        (8, {"depths": (1, 1), "low_resolution": False}),
    ],
)
def test_smallest_images_leave_a_pixel(size, options):
    model = create_model(
        "densenet_test", include_top=False, input_shape=(size, size + 1, 3), **options
    )
    assert model.output.shape[1] == 1
