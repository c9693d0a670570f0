"""Blurs against their definitions, one pixel after the other."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

CURVES = {
    "gaussian_blur": lambda distance, level: np.exp(-((distance / level) ** 2) / 2),
    "box_blur": lambda distance, level: np.clip(level + 1 - abs(distance), 0, 1),
}


def blurred(image, curve, level):
    """Direct sums over neighbours, the image mirrored about its first and last pixels."""
    for axis in (0, 1):
        image = np.moveaxis(image, axis, 0)
        reach = len(image) - 1
        padded = np.pad(image, ((reach, reach), (0, 0), (0, 0)), mode="reflect")
        weights = curve(np.arange(-reach, reach + 1), level)
        image = np.stack(
            [
                np.tensordot(weights, padded[i : i + 2 * reach + 1], 1) / weights.sum()
                for i in range(len(image))
            ]
        )
        image = np.moveaxis(image, 0, axis)
    return image


@pytest.mark.parametrize("name", list(CURVES))
@pytest.mark.parametrize("level", [0.4, 1.7])
@pytest.mark.parametrize("channels", [1, 3])
def test_blur_is_its_definition(run_operation, rng, name, level, channels):
    images = rng.integers(0, 256, (1, 17, 22, channels)).astype("uint8")
    expected = blurred(images[0].astype(float), CURVES[name], level)
    floats = run_operation(name, images.astype("float32"), level)[0]
    np.testing.assert_allclose(floats, expected, atol=1e-3)
    exact = abs(expected % 1 - 0.5) > 1e-3
    whole = run_operation(name, images, level)[0]
    np.testing.assert_array_equal(whole[exact], np.round(expected)[exact])


def test_box_blur_is_pillows_inside_but_for_its_rounding_between_axes(run_operation, rng):
    images = rng.integers(0, 256, (1, 20, 30, 3)).astype("uint8")
    expected = np.asarray(Image.fromarray(images[0]).filter(ImageFilter.BoxBlur(1.5)), int)
    got = run_operation("box_blur", images, 1.5)[0]
    assert abs(got - expected)[3:-3, 3:-3].max() <= 1
