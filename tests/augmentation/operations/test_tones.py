"""Hue against the standard library, gamma and solarize_add against their formulas."""

import colorsys

import numpy as np
import pytest


def turned(pixel, degrees):
    hue, saturation, value = colorsys.rgb_to_hsv(*(pixel / 255))
    return 255 * np.array(colorsys.hsv_to_rgb((hue + degrees / 360) % 1, saturation, value))


@pytest.mark.parametrize("degrees", [-170.0, -30.0, 47.0, 180.0])
def test_hue(run_operation, rng, degrees):
    images = rng.integers(0, 256, (1, 11, 14, 3)).astype("uint8")
    images[0, 0] = images[0, 0, :, :1]  # greys have no hue
    expected = np.array([turned(pixel, degrees) for pixel in images.reshape(-1, 3).astype(float)])
    got = run_operation("hue", images.astype("float32"), degrees).reshape(-1, 3)
    np.testing.assert_allclose(got, expected, atol=1e-3)
    # A number of whole 255ths may fall to either side of its exact value.
    exact = abs(expected % 1) > 1e-3
    got = run_operation("hue", images, degrees).reshape(-1, 3)
    np.testing.assert_array_equal(got[exact], np.trunc(expected * 255.999 / 255)[exact])


def test_hue_leaves_other_channels(run_operation, rng):
    images = rng.integers(0, 256, (1, 5, 7, 4)).astype("uint8")
    np.testing.assert_array_equal(run_operation("hue", images, 90.0), images)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("gamma", [0.5, 1.7])
def test_gamma(run_operation, channels, gamma):
    images = np.arange(256, dtype="uint8").repeat(channels).reshape(1, 8, 32, channels)
    # Pillow's table, as torchvision makes it; in double precision none of these is whole.
    table = np.array([int(255.999 * (v / 255) ** gamma) for v in range(256)])
    np.testing.assert_array_equal(run_operation("gamma", images, gamma), table[images])
    floats = run_operation("gamma", images.astype("float32"), gamma)
    np.testing.assert_allclose(floats, 255 * (images / 255) ** gamma, rtol=1e-5, atol=1e-4)


def test_solarize_add(run_operation, rng):
    images = rng.integers(0, 256, (1, 20, 30, 3)).astype("uint8")
    expected = np.where(images < 128, np.minimum(images + 150.0, 255), images)
    np.testing.assert_array_equal(run_operation("solarize_add", images, 150.0), expected)


def test_saturation_is_pillows_color(run_operation, rng):
    from PIL import Image, ImageEnhance

    images = rng.integers(0, 256, (1, 20, 30, 3)).astype("uint8")
    for factor in (0.0, 0.5, 1.5):
        expected = ImageEnhance.Color(Image.fromarray(images[0])).enhance(factor)
        got = run_operation("saturation", images, factor)[0]
        np.testing.assert_array_equal(got, np.asarray(expected))
