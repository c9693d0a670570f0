"""RandomResizedCrop: areas, aspects and places of its windows, seen in coordinates."""

import numpy as np
import pytest

from kerasbook.augmentation import RandomResizedCrop


def coordinates(height, width, count):
    """Images whose two channels are the row and the column of each pixel."""
    grid = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), -1)
    return np.repeat(grid[None], count, axis=0).astype("float32")


def windows_of(results):
    """Upper and left edge, height and width that results of coordinates come from."""
    first, last = results[:, 1, 1].astype(float), results[:, -2, -2].astype(float)
    steps = np.array(results.shape[1:3]) - 3
    scale = (last - first) / steps
    start = first - 1.5 * scale + 0.5
    return np.round(np.concatenate([start, scale * results.shape[1:3]], axis=1), 2)


def test_windows_have_areas_and_aspects_as_said():
    images = coordinates(60, 80, 500)
    crop = RandomResizedCrop(9, 11, scale=(0.1, 0.5), ratio=(0.5, 2))
    upper, left, height, width = windows_of(crop.augment(images, seed=0, index=np.arange(500))).T
    np.testing.assert_allclose(height, np.round(height), atol=0.02)
    area, aspect = height * width / 4800, np.log2(width / height)
    assert (area > 0.09).all()
    assert (area < 0.52).all()
    assert abs(area.mean() - 0.3) < 5 * 0.4 / np.sqrt(12 * 500)
    assert (abs(aspect) < 1.06).all()
    assert aspect.std() > 0.5
    for start, room in ((upper, 60 - height), (left, 80 - width)):
        assert (start > -0.05).all()
        assert (start < room + 0.05).all()
        part = start / np.maximum(room, 1)
        assert abs(part.mean() - 0.5) < 5 * np.sqrt(1 / 12 / 500)


def test_where_no_window_fits_it_is_the_largest_in_the_middle():
    images = coordinates(20, 80, 3)
    crop = RandomResizedCrop(9, 9, scale=(1, 1), ratio=(0.5, 1))
    results = crop.augment(images, seed=0, index=np.arange(3))
    np.testing.assert_allclose(windows_of(results), [[0, 30, 20, 20]] * 3, atol=0.02)


def test_middle_outside_training():
    crop = RandomResizedCrop(10, 20, center_fraction=0.5)
    results = crop(coordinates(40, 60, 2)).numpy()
    np.testing.assert_allclose(windows_of(results), [[12, 15, 15, 30]] * 2, atol=0.6)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"`scale` must be in \(0, 1\].*scale=2"):
        RandomResizedCrop(4, 4, scale=(0.1, 2))
    with pytest.raises(ValueError, match=r"`ratio` must not fall.*ratio=\(2, 1\)"):
        RandomResizedCrop(4, 4, ratio=(2, 1))
