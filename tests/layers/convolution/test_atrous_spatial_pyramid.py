"""AtrousSpatialPyramid: its definition in NumPy, with and without the image's mean."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import AtrousSpatialPyramid


@pytest.mark.parametrize("image_pooling", [True, False])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_definition(image_pooling, data_format, rng):
    x = rng.normal(size=(2, 6, 7, 3)).astype("float32")
    layer = AtrousSpatialPyramid(
        4, (2, 3), image_pooling=image_pooling, normalization=None, data_format=data_format
    )
    moved = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    layer.build(moved.shape)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    weights = layer.get_weights()
    branches = []
    for rate, kernel, bias in zip((1, 2, 3), weights[:6:2], weights[1:6:2], strict=True):
        y = convolve(x, kernel, padding="same", dilation_rate=(rate, rate)) + bias
        branches.append(np.maximum(y, 0))
    if image_pooling:
        mean = convolve(x.mean((1, 2), keepdims=True), weights[6]) + weights[7]
        branches.append(np.broadcast_to(np.maximum(mean, 0), branches[0].shape))
    y = np.maximum(convolve(np.concatenate(branches, -1), weights[-2]) + weights[-1], 0)
    ours = keras.ops.convert_to_numpy(layer(moved))
    ours = ours if data_format == "channels_last" else ours.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(ours, y, rtol=1e-4, atol=1e-4)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"`dilation_rates` must be a list.*dilation_rates=\[\]"):
        AtrousSpatialPyramid(4, [])
    with pytest.raises(ValueError, match=r"`dilation_rates` must be .*\(6, 0\)"):
        AtrousSpatialPyramid(4, (6, 0))
