"""NiNBlock: its definition, its weights, bad arguments."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import NiNBlock


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("num_pointwise", "padding"), [(2, "valid"), (1, "same")])
def test_definition(data_format, num_pointwise, padding, rng):
    x = rng.normal(size=(2, 9, 8, 3)).astype("float32")
    moved = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    options = {"strides": (2, 1), "padding": padding, "num_pointwise": num_pointwise}
    block = NiNBlock(4, (3, 2), data_format=data_format, **options)
    block.build(moved.shape)
    block.set_weights([rng.normal(size=w.shape) for w in block.weights])
    weights = block.get_weights()
    assert len(weights) == 2 + 2 * num_pointwise
    y = np.maximum(convolve(x, weights[0], (2, 1), padding) + weights[1], 0)
    for matrix, bias in zip(weights[2::2], weights[3::2], strict=True):
        y = np.maximum(y @ matrix[0, 0] + bias, 0)
    actual = keras.ops.convert_to_numpy(block(moved))
    assert block.compute_output_shape(moved.shape) == actual.shape
    actual = actual if data_format == "channels_last" else actual.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(actual, y, rtol=1e-4, atol=1e-4)


def test_weights_of_the_first_block():
    block = NiNBlock(96, 11, strides=4, padding="valid")
    block.build((None, 227, 227, 3))
    assert block.count_params() == 11 * 11 * 3 * 96 + 2 * 96 * 96 + 3 * 96


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": 0}, "`filters` must be .*filters=0"),
        ({"num_pointwise": 0}, "`num_pointwise` must be .*num_pointwise=0"),
        ({"padding": "full"}, "`padding` must be one of .*'full'"),
        ({"strides": (1, 0)}, "`strides` must be "),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        NiNBlock(**{"filters": 4, "kernel_size": 3, **options})


def test_kernel_larger_than_the_inputs_is_named():
    with pytest.raises(ValueError, match="kernel must not be larger"):
        NiNBlock(4, 5, padding="valid").build((None, 4, 9, 3))
