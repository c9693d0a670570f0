"""SqueezeNet: equal to torchvision's, its stages, sizes of images, bad input."""

import pytest
from helpers import model_peers

from kerasbook.applications import create_model, feature_maps


@pytest.mark.parametrize(
    ("name", "shape"), [("squeezenet1_0", (64, 97, 3)), ("squeezenet1_1", (75, 58, 3))]
)
def test_is_that_of_torchvision(name, shape, rng):
    def make(torch):
        import torchvision

        return getattr(torchvision.models, name)(num_classes=7)

    model_peers.assert_like_torch(name, rng, make, shape=shape)


@pytest.mark.parametrize(
    ("name", "stem", "lasts"),
    [
        ("squeezenet1_0", 96, (256, 512, 512)),
        ("squeezenet1_1", 64, (128, 256, 512)),
    ],
)
def test_maps_and_their_strides(name, stem, lasts):
    maps = feature_maps(create_model(name, include_top=False))
    assert [(m.name, m.stride, m.channels) for m in maps] == [
        ("stem", 2, stem),
        *((f"stage{i}", 2 * 2**i, channels) for i, channels in enumerate(lasts, 1)),
    ]
    assert all(m.layer.endswith("_concat") for m in maps[1:])


def test_logits_are_means_of_maps_behind_dropout():
    model = create_model("squeezenet1_1", classifier_activation=None, classes=5)
    names = [layer.name for layer in model.layers[-4:]]
    assert names == ["dropout", "class_maps_conv", "class_maps_act", "predictions"]
    assert model.get_layer("dropout").rate == 0.5
    assert model.output.shape == (None, 5)


@pytest.mark.parametrize(("name", "size"), [("squeezenet1_0", 21), ("squeezenet1_1", 17)])
def test_the_smallest_image_makes_one_pixel(name, size):
    model = create_model(name, include_top=False, input_shape=(size, size, 3))
    assert model.output.shape == (None, 1, 1, 512)
    with pytest.raises(ValueError, match=f"at least {size} pixels"):
        create_model(name, input_shape=(size, size - 1, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"squeeze": 4}, "`squeeze` must be a list. Received: squeeze=4"),
        ({"squeeze": ((4,), (0,))}, "`squeeze` must be a positive integer or a list.*0"),
        ({"stem_filters": -1}, "`stem_filters` must be a positive integer.*-1"),
        ({"stem_strides": 0}, "`stem_strides` must be a positive integer.*0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("squeezenet_test", **arguments)
