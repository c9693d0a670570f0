"""EfficientChannelAttention: the formula in NumPy, the size of its kernel, bad arguments."""

import keras
import numpy as np
import pytest

from kerasbook.layers import EfficientChannelAttention


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_definition(data_format, rng):
    x = rng.normal(size=(2, 4, 5, 6)).astype("float32")
    moved = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    layer = EfficientChannelAttention(3, data_format=data_format, gate_activation="tanh")
    layer.build(moved.shape)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    [kernel] = layer.get_weights()
    means = np.pad(x.mean((1, 2)), ((0, 0), (1, 1)))
    gates = np.tanh(sum(kernel[j, 0, 0] * means[:, j : j + 6] for j in range(3)))
    y = keras.ops.convert_to_numpy(layer(moved))
    y = y if data_format == "channels_last" else y.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(y, x * gates[:, None, None], atol=1e-5)


def test_works_on_any_rank(rng):
    x = rng.normal(size=(2, 7, 6)).astype("float32")
    layer = EfficientChannelAttention(1, kernel_initializer="ones")
    y = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, x / (1 + np.exp(-x.mean(1)))[:, None], atol=1e-5)


# Section 3.2.3: k = |log2(C) / 2 + 1 / 2|, the nearest odd number below or above.
@pytest.mark.parametrize(
    ("channels", "options", "size"),
    [
        (64, {}, 3),
        (128, {}, 5),
        (256, {}, 5),
        (512, {}, 5),
        (2048, {}, 7),
        (2, {}, 1),
        (64, {"gamma": 1}, 7),
        (64, {"offset": 5}, 5),
        (64, {"kernel_size": 9}, 9),
    ],
)
def test_size_of_the_kernel(channels, options, size):
    layer = EfficientChannelAttention(**options)
    layer.build((None, 8, 8, channels))
    assert layer.count_params() == size


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`kernel_size` must be a positive integer.*=0"):
        EfficientChannelAttention(0)
    with pytest.raises(ValueError, match="`gamma` must be above 0.*gamma=0"):
        EfficientChannelAttention(gamma=0)
    with pytest.raises(ValueError, match="static size"):
        EfficientChannelAttention().build((None, 3, 3, None))
