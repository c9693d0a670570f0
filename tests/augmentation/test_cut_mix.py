"""CutMix against its definition, pixel by pixel, and the size of its boxes."""

import numpy as np
import pytest

from kerasbook.augmentation import CutMix


def cut(images, labels, masks, drawn, rate):
    """The definition for Beta(1, 1), whose quantiles are the draws themselves."""
    images_out, labels_out, masks_out = images.copy(), labels.copy(), masks.copy()
    count, height, width = images.shape[:3]
    order = list(np.argsort(drawn[:, 0]))
    for i, (_, coin, u, y, x) in enumerate(drawn.astype("float64")):
        if not coin < rate:
            continue
        partner = order[(order.index(i) + 1) % count]
        side = np.sqrt(1 - (u + 2**-25))
        replaced = 0
        for row in range(height):
            for column in range(width):
                above = abs(row + 0.5 - y * height) < side * height / 2
                if above and abs(column + 0.5 - x * width) < side * width / 2:
                    images_out[i, row, column] = images[partner, row, column]
                    masks_out[i, row, column] = masks[partner, row, column]
                    replaced += 1
        kept = 1 - replaced / (height * width)
        labels_out[i] = kept * labels[i] + (1 - kept) * labels[partner]
    return images_out, labels_out, masks_out


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("mask_shape", [(), (1,)])
def test_apply_is_the_definition(dtype, mask_shape, rng):
    images = rng.integers(0, 256, (9, 6, 11, 3)).astype(dtype)
    labels = rng.dirichlet([1] * 4, 9).astype("float32")
    masks = rng.integers(0, 20, (9, 6, 11, *mask_shape)).astype("int32")
    drawn = rng.uniform(size=(9, 5)).astype("float32")
    layer = CutMix(alpha=1, rate=0.8)
    inputs = {"images": images, "labels": labels, "segmentation_masks": masks}
    got = layer.apply(inputs, drawn)
    expected = cut(images, labels, masks, drawn, np.float32(0.8))
    assert (expected[0] != images).any((1, 2, 3)).sum() > 3
    np.testing.assert_array_equal(got["images"], expected[0])
    np.testing.assert_allclose(got["labels"], expected[1], atol=1e-6)
    np.testing.assert_array_equal(got["segmentation_masks"], expected[2])
    assert np.array(got["images"]).dtype == dtype
    assert np.array(got["segmentation_masks"]).dtype == "int32"


def test_a_box_at_the_rim_is_cut_and_an_empty_one_changes_nothing():
    images = np.stack([np.zeros((4, 8, 1)), np.ones((4, 8, 1))])
    labels = np.eye(2, dtype="float32")
    drawn = np.array([[0, 0, 0.75, 0, 0], [0.5, 0, 1 - 2**-24, 0.5, 0.5]], "float32")
    got = CutMix().apply({"images": images, "labels": labels}, drawn)
    expected = np.zeros((4, 8))
    expected[:1, :2] = 1  # half of each side, of which one half lies outside
    np.testing.assert_array_equal(got["images"][0, :, :, 0], expected)
    np.testing.assert_array_equal(got["images"][1], images[1])
    np.testing.assert_array_equal(got["labels"], [[30 / 32, 2 / 32], [0, 1]])


@pytest.mark.parametrize("alpha", [0.3, 1.0, 3.0])
def test_the_area_of_boxes_that_are_not_cut_is_a_beta_number(alpha):
    layer = CutMix(alpha=alpha)
    drawn = np.array(layer.draw(0, 0, np.arange(4000)))
    drawn[:, 3:] = 0.5  # in the middle
    drawn[:, 0] = np.arange(4000) / 4000
    images = np.zeros((4000, 64, 32, 1), "uint8")
    images[::2] = 1
    labels = np.eye(2, dtype="float32")[np.arange(4000) % 2]
    got = layer.apply({"images": images, "labels": labels}, drawn)
    kept = np.array(got["labels"])[np.arange(4000), np.arange(4000) % 2]
    same = (np.array(got["images"]) == images).mean((1, 2, 3))
    np.testing.assert_allclose(kept, same, atol=1e-6)
    variance = 1 / (4 * (2 * alpha + 1))
    assert abs(kept.mean() - 0.5) < 5 * np.sqrt(variance / 4000)
    assert abs(kept.var() - variance) < 5 * ((kept - 0.5) ** 2).std() / np.sqrt(4000) + 1e-3


def test_bad_alpha():
    with pytest.raises(ValueError, match="`alpha` must be above 0. Received: alpha=0"):
        CutMix(alpha=0)
