"""Scalings of images: those of `keras.applications`, torchvision's, and bad input."""

import keras
import numpy as np
import pytest

from kerasbook.applications.preprocessing import scaled


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_scalings_are_those_of_keras(mode, dtype, rng):
    images = rng.integers(0, 256, size=(2, 5, 6, 3)).astype(dtype)
    expected = keras.applications.imagenet_utils.preprocess_input(
        images.astype("float32"), data_format="channels_last", mode=mode
    )
    result = scaled(images.copy(), mode)
    assert isinstance(result, np.ndarray)
    np.testing.assert_allclose(result, expected, atol=1e-4)
    tensor = keras.ops.convert_to_tensor(images)
    np.testing.assert_allclose(scaled(tensor, mode), expected, atol=1e-4)


def test_unit_signed_and_none(rng):
    images = rng.integers(0, 256, size=(5, 6, 1)).astype("uint8")
    np.testing.assert_array_equal(scaled(images, "signed"), images / np.float32(128) - 1)
    np.testing.assert_allclose(scaled(images, "unit"), images / 255.0, rtol=1e-6)
    np.testing.assert_array_equal(scaled(images, "none"), images.astype("float32"))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`scaling` must be one of .*'imagenet'"):
        scaled(np.zeros((2, 2, 3)), "imagenet")
    with pytest.raises(ValueError, match=r"`images` must have 3 channels.*'torch'.*\(2, 2, 1\)"):
        scaled(np.zeros((2, 2, 1)), "torch")
