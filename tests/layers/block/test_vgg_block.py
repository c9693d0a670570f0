"""VGGBlock: the book's weights and sizes of VGG-16, its definition, bad arguments."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve, windows

from kerasbook.layers import VGGBlock

# Rows 356 to 360: input size and channels, filters, weights of each convolution.
STAGES = [
    (224, 3, 64, (1_728, 36_864)),
    (112, 64, 128, (73_728, 147_456)),
    (56, 128, 256, (294_912, 589_824, 589_824)),
    (28, 256, 512, (1_179_648, 2_359_296, 2_359_296)),
    (14, 512, 512, (2_359_296,) * 3),
]


@pytest.mark.parametrize(("size", "channels", "filters", "weights"), STAGES)
def test_weights_and_sizes_of_the_book(size, channels, filters, weights):
    block = VGGBlock(filters, len(weights))
    block.build((None, size, size, channels))
    kernels = [weight for weight in block.weights if len(weight.shape) == 4]
    assert tuple(int(np.prod(kernel.shape)) for kernel in kernels) == weights
    assert block.count_params() == sum(weights) + len(weights) * filters
    shape = block.compute_output_shape((None, size, size, channels))
    assert shape == (None, size // 2, size // 2, filters)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_definition(data_format, rng):
    x = rng.normal(size=(2, 7, 9, 3)).astype("float32")
    moved = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    block = VGGBlock(4, 2, kernel_size=(3, 5), pool_size=(2, 3), data_format=data_format)
    block.build(moved.shape)
    block.set_weights([rng.normal(size=w.shape) for w in block.weights])
    k1, b1, k2, b2 = block.get_weights()
    y = np.maximum(convolve(x, k1, padding="same") + b1, 0)
    y = np.maximum(convolve(y, k2, padding="same") + b2, 0)
    y = windows(y, (2, 3), (2, 3)).max((3, 4))
    actual = keras.ops.convert_to_numpy(block(moved))
    assert block.compute_output_shape(moved.shape) == actual.shape
    actual = actual if data_format == "channels_last" else actual.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(actual, y, rtol=1e-5, atol=1e-4)


def test_pool_size_of_one_does_not_pool(rng):
    x = rng.normal(size=(1, 5, 4, 2)).astype("float32")
    block = VGGBlock(3, 1, pool_size=1)
    y = keras.ops.convert_to_numpy(block(x))
    kernel, bias = block.get_weights()
    expected = np.maximum(convolve(x, kernel, padding="same") + bias, 0)
    np.testing.assert_allclose(y, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0, 2), {}, "`filters` must be a positive integer.*filters=0"),
        ((4, 0), {}, "`num_convolutions` must be .*num_convolutions=0"),
        ((4, 2), {"pool_size": 0}, "`pool_size` must be .*pool_size=0"),
        ((4, 2), {"kernel_size": (3, -1)}, "`kernel_size` must be "),
    ],
)
def test_bad_arguments_are_named(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        VGGBlock(*arguments, **options)


def test_windows_larger_than_the_inputs_are_named():
    with pytest.raises(ValueError, match="zero or negative.*`pool_size=.3 3."):
        VGGBlock(4, 1, pool_size=3).build((None, 2, 8, 3))
    with pytest.raises(ValueError, match="static size"):
        VGGBlock(4, 1).build((None, 8, 8, None))
