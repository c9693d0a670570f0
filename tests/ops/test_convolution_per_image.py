"""`conv_per_image`: every image with its kernel is `conv` of that image."""

import keras
import numpy as np
import pytest

from kerasbook.ops import conv, conv_per_image


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("padding", ["valid", "same", "full"])
@pytest.mark.parametrize(
    ("strides", "rate"), [((1, 1), (1, 1)), ((2, 3), (1, 2)), ((1, 2), (2, 1))]
)
def test_each_image_meets_its_kernel(rng, groups, padding, strides, rate):
    x = rng.normal(size=(3, 8, 9, 4)).astype("float32")
    kernels = rng.normal(size=(3, 3, 2, 4 // groups, 6)).astype("float32")
    options = {"strides": strides, "padding": padding, "dilation_rate": rate}
    y = conv_per_image(x, kernels, data_format="channels_last", **options)
    y = keras.ops.convert_to_numpy(y)
    for n in range(3):
        one = conv(x[n : n + 1], kernels[n], data_format="channels_last", **options)
        np.testing.assert_allclose(y[n : n + 1], keras.ops.convert_to_numpy(one), atol=1e-5)
    first = conv_per_image(
        x.transpose(0, 3, 1, 2), kernels, data_format="channels_first", **options
    )
    first = keras.ops.convert_to_numpy(first).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(first, y, atol=1e-6)
