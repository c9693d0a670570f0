"""Cutout and sample pairing against their definitions."""

import numpy as np
from helpers.pictures import carried_out, natural
from PIL import Image


def test_cutout_fills_a_square_about_a_random_pixel(rng):
    images = natural(rng, 8, (20, 30))
    sides, chances = rng.uniform(0, 0.5, 8), rng.uniform(size=(8, 2))
    found = carried_out("cutout", images, sides, chances, fill_value=7)
    for image, result, side, (across, down) in zip(images, found, sides, chances, strict=True):
        side = int(np.float32(side) * 20 + 0.5)
        left, upper = int(across * 30) - side // 2, int(down * 20) - side // 2
        expected = image.copy()
        expected[max(upper, 0) : upper + side, max(left, 0) : left + side] = 7
        np.testing.assert_array_equal(result, expected)


def test_cutout_of_size_0_is_the_identity(rng):
    images = natural(rng, 2)
    found = carried_out("cutout", images, 0, np.full((2, 2), 0.5))
    np.testing.assert_array_equal(found, images)


def test_sample_pairing_blends_with_another_image_as_pillow_does(rng):
    images = natural(rng, 5)
    chances = np.array([0, 0.3, 0.6, 0.99, 0.5])[:, None]
    weights = rng.uniform(0, 0.4, 5).astype("float32")
    found = carried_out("sample_pairing", images, weights, chances)
    for i, (weight, chance) in enumerate(zip(weights, chances[:, 0], strict=True)):
        other = (i + 1 + int(chance * 4)) % 5
        pair = Image.fromarray(images[i]), Image.fromarray(images[other])
        expected = np.asarray(Image.blend(*pair, float(weight)))
        np.testing.assert_array_equal(found[i], expected)
        assert other != i
