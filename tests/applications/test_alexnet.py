"""AlexNet: the numbers of the paper and the book, torchvision's one column, stages, bad input."""

import math

import keras
import numpy as np
import pytest
from helpers import model_peers

from kerasbook import layers
from kerasbook.analysis import weightless
from kerasbook.applications import create_model, feature_maps, from_timm


@pytest.mark.parametrize(("shape", "positions"), [((96, 160, 3), 2 * 4), ((71, 127, 3), 1 * 3)])
def test_one_column_is_that_of_torchvision(shape, positions, rng):
    def make(torch):
        import torchvision

        model = torchvision.models.alexnet(num_classes=7)
        model.avgpool = torch.torch.nn.Identity()  # else it makes 6 x 6 of any size
        model.classifier[1] = torch.torch.nn.Linear(256 * positions, 30)
        model.classifier[4] = torch.torch.nn.Linear(30, 20)
        model.classifier[6] = torch.torch.nn.Linear(20, 7)
        return model

    model_peers.assert_like_torch("alexnetonecolumn", rng, make, shape=shape, units=(30, 20))


@pytest.fixture(scope="module")
def alexnet():
    return weightless(lambda: create_model("alexnet"))


def test_two_columns_have_no_twin():
    with pytest.raises(ValueError, match="`name` must .*'alexnet'"):
        from_timm({}, "alexnet")


def test_sizes_and_weights_of_every_layer(alexnet):
    sizes = {layer.name: tuple(layer.output.shape[1:]) for layer in alexnet.layers}
    counts = {layer.name: layer.count_params() for layer in alexnet.layers if layer.weights}
    assert math.prod(sizes["stem_conv"]) == 290_400  # the neurons of the book: 55 x 55 x 96
    assert [size[0] for name, size in sizes.items() if name.endswith("_pool")] == [27, 13, 6]
    assert sizes["stage4_pool"] == (6, 6, 256)  # three poolings, not five as the book has it
    assert list(counts.values()) == [
        *(34_944, 307_456, 885_120, 663_936, 442_624),
        *(37_752_832, 16_781_312, 4_097_000),
    ]


def test_two_columns_meet_in_the_third_convolution_alone(rng):
    model = create_model("alexnet_test", local_response=False, include_top=False)
    columns = keras.Model(model.input, model.get_layer("stage3_pool").output)
    images = rng.normal(size=(1, 32, 32, 3))
    before = np.asarray(columns(images))
    kernel, bias = model.get_layer("stem_conv").get_weights()
    kernel[..., 4:] += 1  # the second column of eight channels
    model.get_layer("stem_conv").set_weights([kernel, bias])
    changed = (np.asarray(columns(images)) != before).any((0, 1, 2))
    assert not changed[:8].any()
    assert changed[8:].any()
    groups = [layer.groups for layer in model.layers if hasattr(layer, "groups")]
    assert groups == [1, 2, 1, 2, 2]


def test_response_normalization_is_that_of_the_paper(alexnet):
    kind = layers.LocalResponseNormalization
    found = [layer for layer in alexnet.layers if isinstance(layer, kind)]
    assert [layer.name for layer in found] == ["stem_response", "stage2_response"]
    for layer in found:
        assert (layer.bias, layer.size, layer.alpha, layer.beta) == (2, 5, 1e-4, 0.75)
    rates = [layer.rate for layer in alexnet.layers if hasattr(layer, "rate")]
    assert rates == [0.5, 0.5]


def test_maps_and_their_strides(alexnet):
    maps = [(m.name, m.layer, m.stride, m.channels) for m in feature_maps(alexnet)]
    assert maps == [
        ("stem", "stem_response", 4, 96),
        ("stage2", "stage2_response", 8, 256),
        ("stage3", "stage3_3_act", 16, 256),
        ("stage4", "stage4_pool", 32, 256),
    ]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("alexnet", {"input_shape": (66, 80, 3)}, r"at least 67 pixels.*\(66, 80, 3\)"),
        ("alexnetonecolumn", {"input_shape": (80, 62, 3)}, "at least 63 pixels"),
        ("alexnet_test", {"filters": (8, 8)}, "`filters` must be .* 5 of them"),
        ("alexnet_test", {"columns": 3}, "`columns` must divide .*columns=3, channels=8"),
        ("alexnet_test", {"stem_strides": 0}, "`stem_strides` must be a positive integer.*0"),
        ("alexnet_test", {"stem_padding": -1}, "`stem_padding` must be an integer of at least 0"),
        ("alexnet_test", {"units": "many"}, "`units` must be a positive integer or a list.*'many'"),
    ],
)
def test_bad_arguments_are_named(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model(name, **arguments)


@pytest.mark.parametrize(("name", "size"), [("alexnet", 67), ("alexnetonecolumn", 63)])
def test_the_smallest_image_makes_one_pixel(name, size):
    model = create_model(name, include_top=False, input_shape=(size, size, 3))
    assert model.output.shape == (None, 1, 1, 256)
