"""All-convolutional networks: parameters and sizes of the paper's tables, dropout, bad input."""

import keras
import pytest
from helpers import model_peers

from kerasbook.applications import create_model, feature_maps


@pytest.mark.parametrize(
    ("name", "convolutions"),  # kernel sizes and channels, of the paper's tables 1 and 2
    [
        ("allconvolutionala", "5 96, 3 96, 5 192, 3 192, 3 192, 1 192, 1 10"),
        ("allconvolutionalb", "5 96, 1 96, 3 96, 5 192, 1 192, 3 192, 3 192, 1 192, 1 10"),
        ("allconvolutionalc", "3 96, 3 96, 3 96, 3 192, 3 192, 3 192, 3 192, 1 192, 1 10"),
    ],
)
def test_parameters_are_those_of_the_tables(name, convolutions):
    channels, total = 3, 0
    for row in convolutions.split(", "):
        kernel_size, filters = map(int, row.split())
        total += kernel_size**2 * channels * filters + filters
        channels = filters
    assert model_peers.counts(name)[1] == total


def test_strides_and_the_last_positions():
    model = create_model("allconvolutionalc")
    assert not [layer for layer in model.layers if "Pooling2D" in type(layer).__name__][:-1]
    assert isinstance(model.get_layer("predictions"), keras.layers.GlobalAveragePooling2D)
    assert model.get_layer("class_maps_conv").output.shape == (None, 6, 6, 10)
    maps = [(m.name, m.layer, m.stride, m.channels) for m in feature_maps(model)]
    assert maps == [
        ("stem", "stem_2_act", 1, 96),
        ("stage2", "stage2_2_act", 2, 192),
        ("stage3", "stage3_2_act", 4, 192),
    ]


def test_dropout_of_the_image_and_after_each_stride():
    model = create_model("allconvolutionala")
    rates = {layer.name: layer.rate for layer in model.layers if hasattr(layer, "rate")}
    assert rates == {"stem_dropout": 0.2, "stage2_dropout": 0.5, "stage3_dropout": 0.5}
    plain = create_model("allconvolutionala", dropout=0.0, input_dropout=0.0)
    assert not [layer for layer in plain.layers if hasattr(layer, "rate")]


def test_the_smallest_image_makes_one_pixel():
    model = create_model("allconvolutionalb", include_top=False, input_shape=(9, 12, 3))
    assert model.output.shape == (None, 1, 1, 192)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (8, 9, 3)}, r"at least 9 pixels.*\(8, 9, 3\)"),
        ({"filters": 0}, "`filters` must be a positive integer.*0"),
        ({"kernel_sizes": (3, 0)}, r"`kernel_sizes` must be .*\(3, 0\)"),
        ({"input_dropout": 1}, r"`input_dropout` must be in \[0, 1\).*1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("all_convolutional_test", **arguments)
