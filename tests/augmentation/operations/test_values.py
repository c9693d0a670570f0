"""Operations on values against Pillow, and against their formulas for floats."""

import numpy as np
import pytest
from helpers.pictures import carried_out, each, natural
from keras import ops
from PIL import ImageEnhance, ImageOps

from kerasbook.augmentation import get_operation
from kerasbook.augmentation.operations.values import is_whole

PLAIN = {
    "auto_contrast": ImageOps.autocontrast,
    "equalize": ImageOps.equalize,
    "invert": ImageOps.invert,
}
BLENDS = {
    "brightness": ImageEnhance.Brightness,
    "color": ImageEnhance.Color,
    "contrast": ImageEnhance.Contrast,
    "sharpness": ImageEnhance.Sharpness,
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", PLAIN)
def test_plain_operations_equal_pillows(name, channels, rng):
    images = natural(rng, channels=channels)
    np.testing.assert_array_equal(carried_out(name, images), each(PLAIN[name], images))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", BLENDS)
def test_blends_equal_pillows(name, channels, rng):
    images, factors = natural(rng, 12, channels=channels), rng.uniform(0.05, 1.95, 12)
    factors = factors.astype("float32")
    expected = each(lambda picture, f: BLENDS[name](picture).enhance(f), images, factors)
    np.testing.assert_array_equal(carried_out(name, images, factors), expected)


@pytest.mark.parametrize("bits", range(1, 9))
def test_posterize_equals_pillows(bits, rng):
    images = natural(rng)
    expected = each(lambda picture: ImageOps.posterize(picture, bits), images)
    np.testing.assert_array_equal(carried_out("posterize", images, bits), expected)


def test_solarize_equals_pillows(rng):
    images, thresholds = natural(rng, 12), rng.uniform(0, 254, 12).astype("float32")
    expected = each(ImageOps.solarize, images, thresholds)
    np.testing.assert_array_equal(carried_out("solarize", images, thresholds), expected)


def test_solarize_at_level_0_keeps_white(rng):
    images = np.full((1, 4, 5, 3), 255, "uint8")
    np.testing.assert_array_equal(carried_out("solarize", images, 255), images)


@pytest.mark.parametrize("name", ["auto_contrast", "equalize"])
def test_an_image_of_one_colour_is_left(name):
    images = np.full((1, 9, 7, 3), 77, "uint8")
    np.testing.assert_array_equal(carried_out(name, images), images)


def test_grey_of_other_numbers_of_channels_is_their_mean(rng):
    image = natural(rng, 1, channels=5)
    mean = np.floor(image.astype(float).mean(-1, keepdims=True) + 0.5)
    expected = (mean + 0.25 * (image - mean)).astype("uint8")
    np.testing.assert_array_equal(carried_out("color", image, 0.25), expected)


def smoothed(x):
    total = sum(np.roll(x, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)) + 4 * x
    result = x.copy()
    result[1:-1, 1:-1] = total[1:-1, 1:-1] / 13
    return result


def luma(x):
    return (x * [0.299, 0.587, 0.114]).sum(-1, keepdims=True)


FLOAT = {
    "brightness": (0.6, lambda x: 0.6 * x),
    "color": (0.3, lambda x: luma(x) + 0.3 * (x - luma(x))),
    "contrast": (1.4, lambda x: luma(x).mean() + 1.4 * (x - luma(x).mean())),
    "sharpness": (0.2, lambda x: smoothed(x) + 0.2 * (x - smoothed(x))),
    "invert": (0, lambda x: 255 - x),
    "solarize": (100, lambda x: np.where(x < 100, x, 255 - x)),
    "posterize": (3, lambda x: np.floor(x / 32) * 32),
    "auto_contrast": (
        0,
        lambda x: 255 * (x - x.min((0, 1))) / (x.max((0, 1)) - x.min((0, 1))),
    ),
}


@pytest.mark.parametrize("value_range", [(0, 255), (0, 1), (-1, 1)])
@pytest.mark.parametrize("name", FLOAT)
def test_floats_follow_the_formulas_without_rounding(name, value_range, rng):
    magnitude, formula = FLOAT[name]
    x = rng.uniform(5, 250, (1, 11, 8, 3))
    low, high = value_range
    images = (low + x / 255 * (high - low)).astype("float32")
    found = (carried_out(name, images, magnitude, value_range=value_range) - low) * 255
    expected = np.clip(formula(x[0]), 0, 255)
    np.testing.assert_allclose(found[0] / (high - low), expected, atol=0.02)


def test_equalize_of_floats_is_that_of_the_values_below_them(rng):
    images = natural(rng)
    floats = images + rng.uniform(0, 0.9, images.shape).astype("float32")
    np.testing.assert_array_equal(carried_out("equalize", floats), carried_out("equalize", images))


@pytest.mark.parametrize("name", ["posterize", "equalize"])
@pytest.mark.parametrize("value_range", [(0, 1), (-1, 1)])
def test_floats_that_were_bytes_are_taken_for_them(name, value_range, rng):
    low, high = value_range
    values = np.arange(256, dtype="uint8").reshape(1, 16, 16, 1)
    floats = (low + values.astype("float32") / 255 * (high - low)).astype("float32")
    magnitude = 3 if name == "posterize" else 0
    found = carried_out(name, floats, magnitude, value_range=value_range)
    expected = carried_out(name, values, magnitude).astype("float32")
    np.testing.assert_allclose((found - low) / (high - low) * 255, expected, atol=1e-3)


def test_uint8_alone_is_whole():
    assert is_whole(ops.zeros((1,), "uint8"))
    assert not is_whole(ops.zeros((1,), "float32"))


def test_identity_says_nothing():
    assert not get_operation("identity").has_level
