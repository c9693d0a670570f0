"""SamplePairing against its formula; all else stays as it was."""

import numpy as np
import pytest

from kerasbook.augmentation import SamplePairing


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("weight", [0.5, 0.25])
def test_apply_is_the_formula(dtype, weight, rng):
    images = rng.integers(0, 256, (5, 4, 7, 3)).astype(dtype)
    drawn = np.array([[0.4, 0.1], [0.9, 0.2], [0.1, 0.8], [0.3, 0.3], [0.5, 0.4]], "float32")
    got = np.array(SamplePairing(weight, rate=0.5).apply(images, drawn))
    partners = [4, 2, 3, 0, 1]  # 2 0.1, 3 0.3, 0 0.4, 4 0.5, 1 0.9, and from the start
    expected = (1 - weight) * images + weight * images[partners]
    expected[2] = images[2]  # its coin is above the rate
    if dtype == "uint8":
        expected = np.floor(expected + 0.5)
    np.testing.assert_array_equal(got, expected)
    assert got.dtype == dtype


def test_other_features_stay(rng):
    boxes = {
        "boxes": rng.uniform(size=(3, 2, 4)).astype("float32"),
        "labels": rng.integers(0, 9, (3, 2)),
    }
    inputs = {
        "images": rng.integers(0, 256, (3, 4, 5, 1)).astype("uint8"),
        "labels": np.array([2, 0, 1]),
        "bounding_boxes": boxes,
        "segmentation_masks": rng.integers(0, 9, (3, 4, 5)),
        "keypoints": rng.uniform(size=(3, 2, 2)).astype("float32"),
    }
    got = SamplePairing().augment(inputs, seed=0, index=range(3))
    assert not np.array_equal(got["images"], inputs["images"])
    for key in ("labels", "segmentation_masks", "keypoints"):
        np.testing.assert_array_equal(got[key], inputs[key])
    for key, value in boxes.items():
        np.testing.assert_array_equal(got["bounding_boxes"][key], value)


def test_bad_weight():
    with pytest.raises(ValueError, match=r"`weight` must be in \[0, 1\]. Received: weight=1.1"):
        SamplePairing(weight=1.1)
