"""Mirror images, shifts and scales against Pillow and plain NumPy."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from kerasbook.augmentation.operations import get_operation


@pytest.mark.parametrize(
    ("name", "definition"),
    [("flip_left_right", ImageOps.mirror), ("flip_up_down", ImageOps.flip)],
)
def test_flips_are_pillows_and_their_matrices_say_so(run_operation, rng, name, definition):
    images = rng.integers(0, 256, (1, 11, 14, 3)).astype("uint8")
    expected = np.asarray(definition(Image.fromarray(images[0])))
    np.testing.assert_array_equal(run_operation(name, images)[0], expected)
    numbers = [float(n) for n in get_operation(name).parameters(np.float64(0), None, 11, 14)]
    by_matrix = Image.fromarray(images[0]).transform((14, 11), Image.Transform.AFFINE, numbers)
    np.testing.assert_array_equal(by_matrix, expected)


def test_shift_is_pad_and_crop_and_each_place_is_as_likely(run_operation, rng):
    image = rng.integers(1, 256, (9, 15, 2)).astype("uint8")
    # 1/4 of 9 and 15 is 2 rows and 3 columns.
    places = [(down, right) for down in range(5) for right in range(7)]
    chance = [[(d + 0.5) / 5, (r + 0.5) / 7, 0, 0, 0, 0, 0, 0] for d, r in places]
    shifted = run_operation("shift", np.stack([image] * 35), 0.25, chance, fill_value=7.0)
    padded = np.pad(image, ((2, 2), (3, 3), (0, 0)), constant_values=7)
    for (down, right), got in zip(places, shifted, strict=True):
        np.testing.assert_array_equal(got, padded[4 - down : 13 - down, 6 - right : 21 - right])


@pytest.mark.parametrize(
    ("name", "down", "across"), [("zoom", 1, 1), ("scale_x", 0, 1), ("scale_y", 1, 0)]
)
@pytest.mark.parametrize("factor", [0.75, 1.375])
def test_scales_are_pillows_about_the_middle(run_operation, rng, name, down, across, factor):
    images = rng.integers(0, 256, (1, 13, 17, 3)).astype("uint8")
    # With these sizes no pixel comes from the border between two others.
    y, x = 1 / factor**down, 1 / factor**across
    numbers = (x, 0, 8.5 - 8.5 * x, 0, y, 6.5 - 6.5 * y)
    expected = Image.fromarray(images[0]).transform((17, 13), Image.Transform.AFFINE, numbers)
    np.testing.assert_array_equal(run_operation(name, images, factor)[0], expected)
