"""Network in Network: parameters, sizes of maps, its head, bad input."""

import keras
import numpy as np
import pytest
from helpers import model_peers

from kerasbook.analysis import weightless
from kerasbook.applications import create_model, feature_maps


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (
            "nin",
            [
                *(11 * 11 * 3 * 96 + 96, 2 * (96 * 96 + 96)),
                *(5 * 5 * 96 * 256 + 256, 2 * (256 * 256 + 256)),
                *(3 * 3 * 256 * 384 + 384, 2 * (384 * 384 + 384)),
                *(3 * 3 * 384 * 1024 + 1024, 1024 * 1024 + 1024, 1024 * 1000 + 1000),
            ],
        ),
        (
            "nincifar",
            [
                *(5 * 5 * 3 * 192 + 192, 192 * 160 + 160, 160 * 96 + 96),
                *(5 * 5 * 96 * 192 + 192, 2 * (192 * 192 + 192)),
                *(3 * 3 * 192 * 192 + 192, 192 * 192 + 192, 192 * 10 + 10),
            ],
        ),
    ],
)
def test_parameters_are_those_of_the_authors_configurations(name, counts):
    assert model_peers.counts(name)[1] == sum(counts)


def test_sizes_of_maps():
    models = weightless(lambda: [create_model(name) for name in ("nin", "nincifar")])
    sizes = [
        [
            tuple(layer.output.shape[1:])
            for layer in model.layers
            if layer.name.endswith(("stem_1_conv", "_pool", "maps_conv"))
        ]
        for model in models
    ]
    assert sizes[0] == [(54, 54, 96), (27, 27, 96), (13, 13, 256), (6, 6, 384), (6, 6, 1000)]
    assert sizes[1] == [(32, 32, 192), (16, 16, 96), (8, 8, 192), (8, 8, 10)]


def test_maps_and_their_strides():
    maps = feature_maps(create_model("nin", include_top=False))
    assert [(m.name, m.layer, m.stride, m.channels) for m in maps] == [
        ("stem", "stem_3_act", 4, 96),
        ("stage2", "stage2_3_act", 8, 256),
        ("stage3", "stage3_3_act", 16, 384),
        ("stage4", "stage4_2_act", 32, 1024),
    ]


def test_head_is_the_mean_of_one_map_per_class(rng):
    model = create_model("nin_test", classes=5, classifier_activation=None)
    maps = keras.Model(model.input, model.get_layer("class_maps_act").output)
    images = rng.normal(size=(3, 32, 32, 3)).astype("float32")
    values = np.asarray(maps(images))
    assert values.shape == (3, 8, 8, 5)
    np.testing.assert_allclose(model(images), values.mean((1, 2)), atol=1e-6)
    assert isinstance(model.get_layer("stage3_pool"), keras.layers.AveragePooling2D)


def test_dropout_follows_every_pooling():
    names = [layer.name for layer in create_model("nin_test", dropout=0.5).layers]
    for stage in ("stage2", "stage3"):
        assert names.index(f"{stage}_dropout") == names.index(f"{stage}_pool") + 1
    assert "dropout" not in names


@pytest.mark.parametrize(("name", "size"), [("nin", 39), ("nincifar", 4)])
def test_the_smallest_image_makes_one_pixel(name, size):
    model = create_model(name, include_top=False, input_shape=(size, size, 3))
    assert model.output.shape[1:3] == (1, 1)
    with pytest.raises(ValueError, match=f"at least {size} pixels"):
        create_model(name, input_shape=(size, size - 1, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"poolings": ("max",)}, r"`poolings` must be a list of 2. Received: .*\('max',\)"),
        ({"poolings": "max"}, "`poolings` must be a list. Received: poolings='max'"),
        ({"filters": 8}, "`filters` must be a list. Received: filters=8"),
        ({"poolings": ("max", "least")}, "`poolings` must be one of .*'least'"),
        ({"kernel_sizes": (5, 3)}, "`kernel_sizes` must be a positive integer or 3 of them"),
        ({"filters": ((8,), (8,), (0,))}, "`filters` must be a positive integer or a list"),
        ({"stem_padding": 0.5}, "`stem_padding` must be an integer of at least 0.*0.5"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("nin_test", **arguments)
