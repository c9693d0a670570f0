"""The embedded digits: an ordinary TFDS folder, small, stratified, real."""

import numpy as np
import pytest

from kerasbook import data

pytestmark = pytest.mark.tensorflow


def test_counts_classes_and_pixels():
    images, labels = zip(
        *(data.read_digits(s) for s in ("train", "validation", "test")), strict=True
    )
    assert [len(i) for i in images] == [1259, 181, 357]
    whole = np.concatenate(labels)
    # The counts of the source.
    assert np.bincount(whole).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    for part in labels:
        shares = np.bincount(part) / np.bincount(whole)
        assert np.ptp(shares) < 0.02, "not stratified"
    pixels = np.concatenate(images)
    assert pixels.shape == (1797, 8, 8, 1)
    assert pixels.dtype == "uint8"
    levels = np.unique(pixels)
    np.testing.assert_array_equal(levels, np.round(np.arange(17) * 255 / 16))
    # The mean grey level of the source, 4.884165 of 16.
    assert abs(np.round(pixels * (16 / 255)).mean() - 4.884165) < 1e-6


def test_no_image_is_in_two_splits():
    seen = [{i.tobytes() for i in data.read_digits(s)[0]} for s in ("train", "validation", "test")]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert not seen[first] & seen[second]


def test_folder_is_small_and_says_where_it_is_from():
    folder = data.DIGITS.parent
    assert sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) < 300_000
    assert "CC BY 4.0" in (folder / "LICENSE").read_text()


def test_count_limits():
    images, labels = data.read_digits("test", 5)
    assert len(images) == len(labels) == 5
