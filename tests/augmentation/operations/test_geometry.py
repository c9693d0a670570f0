"""Warps against Pillow's, pixel for pixel."""

import numpy as np
import pytest
from helpers.pictures import carried_out, each, natural
from PIL import Image

FILL = 90
AFFINE = Image.Transform.AFFINE


def transformed(picture, matrix):
    fill = FILL if picture.mode == "L" else (FILL,) * 3
    nearest = Image.Resampling.NEAREST
    return picture.transform(picture.size, AFFINE, matrix, nearest, fillcolor=fill)


PILLOW = {
    "shear_x": (0.99, lambda p, m: transformed(p, (1, m, 0, 0, 1, 0))),
    "shear_y": (0.99, lambda p, m: transformed(p, (1, 0, 0, m, 1, 0))),
    "translate_x": (1.1, lambda p, m: transformed(p, (1, 0, m * p.width, 0, 1, 0))),
    "translate_y": (1.1, lambda p, m: transformed(p, (1, 0, 0, 0, 1, m * p.height))),
    "rotate": (
        180,
        lambda p, m: p.rotate(m, fillcolor=FILL if p.mode == "L" else (FILL,) * 3),
    ),
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", PILLOW)
def test_warps_equal_pillows(name, channels, rng):
    reach, function = PILLOW[name]
    images = natural(rng, 20, channels=channels)
    magnitudes = rng.uniform(-reach, reach, 20).astype("float32")
    found = carried_out(name, images, magnitudes, fill_value=FILL)
    np.testing.assert_array_equal(found, each(function, images, magnitudes))


def test_floats_move_as_bytes_do(rng):
    images = natural(rng)
    magnitudes = rng.uniform(-60, 60, len(images))
    found = carried_out("rotate", images.astype("float32"), magnitudes)
    np.testing.assert_array_equal(found, carried_out("rotate", images, magnitudes))


def test_the_fill_value_is_in_the_value_range():
    images = np.zeros((1, 4, 4, 2), "float32")
    found = carried_out("translate_x", images, 0.5, fill_value=0.5, value_range=(-1, 1))
    np.testing.assert_allclose(found[0, :, 2:], 0.5, atol=1e-6)
    np.testing.assert_allclose(found[0, :, :2], 0, atol=1e-6)
