"""ZFNet: the sizes of the paper's figure 3, its parameters, stages, bad input."""

import keras
import numpy as np
import pytest
from helpers import model_peers

from kerasbook.analysis import weightless
from kerasbook.applications import create_model, feature_maps


@pytest.fixture(scope="module")
def zfnet():
    return weightless(lambda: create_model("zfnet"))


def test_sizes_of_the_figure(zfnet):
    sizes = {layer.name: tuple(layer.output.shape[1:]) for layer in zfnet.layers}
    assert [
        sizes[name]
        for name in (
            *("stem_conv", "stage1_pool", "stage2_1_conv", "stage3_pool"),
            *("stage3_1_conv", "stage3_2_conv", "stage3_3_conv", "stage4_pool"),
        )
    ] == [
        *((110, 110, 96), (55, 55, 96), (26, 26, 256), (13, 13, 256)),
        *((13, 13, 384), (13, 13, 384), (13, 13, 256), (6, 6, 256)),
    ]


def test_parameters_are_those_of_the_figure():
    kernels = 7 * 7 * 3 * 96 + 25 * 96 * 256 + 9 * (256 * 384 + 384 * 384 + 384 * 256)
    dense = 6 * 6 * 256 * 4096 + 4096 * 4096 + 4096 * 1000
    biases = 96 + 256 + 384 + 384 + 256 + 4096 + 4096 + 1000
    assert model_peers.counts("zfnet")[1] == kernels + dense + biases


def test_maps_and_their_strides(zfnet):
    maps = [(m.name, m.layer, m.stride, m.channels) for m in feature_maps(zfnet)]
    assert maps == [
        ("stem", "stem_act", 2, 96),
        ("stage1", "stage1_response", 4, 96),
        ("stage2", "stage2_1_act", 8, 256),
        ("stage3", "stage3_3_act", 16, 256),
        ("stage4", "stage4_pool", 32, 256),
    ]


def test_the_last_window_of_a_pooling_reaches_over_the_end(rng):
    model = create_model("zfnet_test", include_top=False)
    images = rng.normal(size=(2, 31, 28, 3)).astype("float32")
    stem = np.asarray(keras.Model(model.input, model.get_layer("stem_act").output)(images))
    pooled = np.asarray(keras.Model(model.input, model.get_layer("stage1_pool").output)(images))
    rows, columns = range(0, 30, 2), range(0, 27, 2)  # 31: fifteen whole ones; 28: one reaches over
    expected = [[stem[:, i : i + 3, j : j + 3].max((1, 2)) for j in columns] for i in rows]
    np.testing.assert_array_equal(pooled, np.moveaxis(expected, 2, 0))
    known = create_model("zfnet_test", include_top=False, input_shape=(31, 28, 3))
    known.set_weights(model.get_weights())
    np.testing.assert_allclose(known(images), model(images), atol=1e-6)


@pytest.mark.parametrize(("name", "size"), [("zfnet", 47), ("zfnet_test", 16)])
def test_the_smallest_image_makes_one_pixel(name, size):
    model = create_model(name, include_top=False, input_shape=(size, size, 3))
    assert model.output.shape[1:3] == (1, 1)
    with pytest.raises(ValueError, match=f"at least {size} pixels"):
        create_model(name, input_shape=(size, size - 1, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": (8, 8, 8)}, "`filters` must be .* 5 of them"),
        ({"stem_strides": 0}, "`stem_strides` must be a positive integer.*0"),
        ({"stem_kernel_size": 2.5}, "`stem_kernel_size` must be a positive integer.*2.5"),
        ({"stage2_strides": "2"}, "`stage2_strides` must be a positive integer.*'2'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("zfnet_test", **arguments)
