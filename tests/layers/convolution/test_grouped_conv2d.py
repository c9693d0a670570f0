"""GroupedConv2D: as many convolutions as groups, weights divided by their number."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import Conv2D, GroupedConv2D


def test_is_one_convolution_for_each_group(rng):
    x = rng.normal(size=(2, 6, 7, 6)).astype("float32")
    layer = GroupedConv2D(9, 3, groups=3, use_bias=False)
    layer.build(x.shape)
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    parts = [
        convolve(x[..., 2 * g : 2 * g + 2], kernel[..., 3 * g : 3 * g + 3], padding="same")
        for g in range(3)
    ]
    y = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, np.concatenate(parts, -1), atol=1e-5)


@pytest.mark.parametrize("groups", [2, 4, 8])
def test_weights_divide_by_the_groups(groups):
    grouped, plain = GroupedConv2D(32, 3, groups=groups), Conv2D(32, 3)
    for layer in (grouped, plain):
        layer.build((None, 8, 8, 16))
    assert (grouped.count_params() - 32) * groups == plain.count_params() - 32


def test_groups_are_asked_for():
    with pytest.raises(TypeError, match="groups"):
        GroupedConv2D(4, 3)
    with pytest.raises(ValueError, match="`filters` must be a multiple.*filters=4, groups=3"):
        GroupedConv2D(4, 3, groups=3)
