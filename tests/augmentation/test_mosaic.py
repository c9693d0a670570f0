"""Mosaic against its definition, pixel by pixel."""

import numpy as np
import pytest

from kerasbook.augmentation import Mosaic


def mosaic(images, labels, masks, drawn, rate, low, high):
    """The definition: each pixel is that of one of four images, moved by the center."""
    images_out, labels_out, masks_out = images.copy(), np.zeros_like(labels), masks.copy()
    count, height, width = images.shape[:3]
    order = list(np.argsort(drawn[:, 0]))
    for i, (_, coin, y, x) in enumerate(drawn):
        place = order.index(i)
        four = [order[(place + n) % count] for n in range(4)]
        center_y = int(np.floor(height * (low + (high - low) * y) + 0.5))
        center_x = int(np.floor(width * (low + (high - low) * x) + 0.5))
        if not coin < rate:
            center_y, center_x = height, width
        for row in range(height):
            for column in range(width):
                lower, right = row >= center_y, column >= center_x
                source = four[2 * lower + right]
                from_row = row - center_y if lower else row - center_y + height
                from_column = column - center_x if right else column - center_x + width
                images_out[i, row, column] = images[source, from_row, from_column]
                masks_out[i, row, column] = masks[source, from_row, from_column]
                labels_out[i] += labels[source] / (height * width)
    return images_out, labels_out, masks_out


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("mask_shape", [(), (1,)])
def test_apply_is_the_definition(dtype, mask_shape, rng):
    images = rng.integers(0, 256, (6, 5, 9, 3)).astype(dtype)
    labels = rng.dirichlet([1] * 4, 6).astype("float32")
    masks = rng.integers(0, 20, (6, 5, 9, *mask_shape)).astype("int32")
    drawn = rng.uniform(size=(6, 4)).astype("float32")
    drawn[:2, 1] = 0.9, 0.1
    layer = Mosaic((0.1, 0.7), rate=0.6)
    inputs = {"images": images, "labels": labels, "segmentation_masks": masks}
    got = layer.apply(inputs, drawn)
    expected = mosaic(images, labels, masks, drawn, np.float32(0.6), 0.1, 0.7)
    assert 1 < (expected[0] != images).any((1, 2, 3)).sum() < 6
    np.testing.assert_array_equal(got["images"], expected[0])
    np.testing.assert_allclose(got["labels"], expected[1], atol=1e-6)
    np.testing.assert_array_equal(got["segmentation_masks"], expected[2])
    assert np.array(got["images"]).dtype == dtype


def test_centers_fill_their_range():
    images = np.zeros((400, 20, 40, 1), "uint8")
    images[:, -1, -1] = 1  # what comes to lie just before the center
    layer = Mosaic((0.25, 0.75))
    got = layer.augment(images, seed=0, index=range(400))[..., 0]
    rows, columns = [], []
    for image in got:
        row, column = np.argwhere(image)[0] + 1
        rows.append(row)
        columns.append(column)
    assert set(rows) == set(range(5, 16))
    assert set(columns) == set(range(10, 31))
    assert abs(np.corrcoef(rows, columns)[0, 1]) < 5 / np.sqrt(400)


def test_bad_center_range():
    for value in (0.5, (0.1,), (0.7, 0.3), (-0.1, 0.5), (0.5, 1.1), ("a", 1)):
        with pytest.raises(ValueError, match="`center_range` must be two numbers in"):
            Mosaic(value)
