"""MultiScaleConv2D: convolutions side by side, how filters are shared out."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import MultiScaleConv2D


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_is_each_convolution_side_by_side(data_format, rng):
    x = rng.normal(size=(2, 6, 7, 3)).astype("float32")
    layer = MultiScaleConv2D([2, 4], [1, (3, 5)], strides=(1, 2), data_format=data_format)
    moved = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    layer.build(moved.shape)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    k1, b1, k2, b2 = layer.get_weights()
    parts = [convolve(x, k, (1, 2), "same") + b for k, b in ((k1, b1), (k2, b2))]
    y = keras.ops.convert_to_numpy(layer(moved))
    y = y if data_format == "channels_last" else y.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(y, np.concatenate(parts, -1), atol=1e-4)
    assert layer.compute_output_shape((None, *moved.shape[1:]))[1:] == layer(moved).shape[1:]


def test_one_number_is_shared_out_alike():
    layer = MultiScaleConv2D(12, (1, 3, 5), use_bias=False)
    layer.build((None, 5, 5, 2))
    assert [w.shape[-1] for w in layer.weights] == [4, 4, 4]
    assert layer.count_params() == (1 + 9 + 25) * 2 * 4


@pytest.mark.parametrize(
    ("filters", "sizes", "message"),
    [
        (7, (1, 3), "`filters` must be a multiple of .*filters=7"),
        ([2, 2, 2], (1, 3), r"`filters` must be .*\[2, 2, 2\]"),
        (4, (), r"`kernel_sizes` must be a list.*kernel_sizes=\(\)"),
        (4, (1, 0), "`kernel_sizes` must be .*kernel_sizes=0"),
        (4, 3, "`kernel_sizes` must be a list.*kernel_sizes=3"),
    ],
)
def test_bad_arguments_are_named(filters, sizes, message):
    with pytest.raises(ValueError, match=message):
        MultiScaleConv2D(filters, sizes)
