"""RandomCrop: all windows of the padded image, each as likely; the middle otherwise."""

import numpy as np
import pytest

from kerasbook.augmentation import RandomCrop


def test_draws_say_the_window(rng):
    images = rng.integers(1, 256, (6, 7, 9, 2)).astype("uint8")
    crop = RandomCrop(5, 8, padding=1, fill_value=3)
    # 5 rows and 4 columns to begin at.
    places = [(0, 0), (4, 3), (2, 1), (1, 0), (3, 2), (0, 3)]
    drawn = np.array([[(y + 0.5) / 5, (x + 0.5) / 4] for y, x in places], "float32")
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=3)
    for image, (y, x), got in zip(padded, places, crop.apply(images, drawn), strict=True):
        np.testing.assert_array_equal(got, image[y : y + 5, x : x + 8])


def test_each_window_is_as_likely():
    image = np.arange(20, dtype="uint8").reshape(4, 5, 1)
    crop = RandomCrop(2, 3)
    results = crop.augment(np.stack([image] * 900), seed=1, index=np.arange(900))
    corners, counts = np.unique(results[:, 0, 0, 0], return_counts=True)
    np.testing.assert_array_equal(corners, [0, 1, 2, 5, 6, 7, 10, 11, 12])
    assert abs(counts - 100).max() < 5 * np.sqrt(100)


def test_middle_outside_training(rng):
    images = rng.uniform(0, 1, (2, 9, 14, 3)).astype("float32")
    np.testing.assert_array_equal(RandomCrop(4, 8, padding=2)(images), images[:, 2:6, 3:11])


def test_bad_arguments():
    with pytest.raises(ValueError, match="`height`.*height=0"):
        RandomCrop(0, 8)
    with pytest.raises(ValueError, match="`padding` must be an integer.*padding=-1"):
        RandomCrop(4, 8, padding=-1)
