"""What crops share: the parts that are cut out, shapes, and what they refuse."""

import numpy as np
import pytest
from keras import ops
from PIL import Image

from kerasbook.augmentation import CenterCrop, RandomCrop, RandomResizedCrop
from kerasbook.augmentation.crop import resized_windows, windows

CROPS = [CenterCrop(6, 8), RandomCrop(6, 8), RandomResizedCrop(6, 8)]
IDS = [type(crop).__name__ for crop in CROPS]


def test_windows(rng):
    images = rng.integers(0, 256, (3, 9, 12, 2)).astype("uint8")
    upper, left = np.array([0, 2, 5], "int32"), np.array([7, 0, 3], "int32")
    got = windows(*map(ops.convert_to_tensor, (images, upper, left)), 4, 5)
    for image, y, x, one in zip(images, upper, left, got, strict=True):
        np.testing.assert_array_equal(one, image[y : y + 4, x : x + 5])


def test_resized_windows_are_pillows_where_it_enlarges(rng):
    images = rng.uniform(0, 255, (2, 13, 17, 1)).astype("float32")
    boxes = np.array([[2, 3, 7, 9], [0, 5, 12, 6]], "int32")
    got = ops.convert_to_numpy(
        resized_windows(ops.convert_to_tensor(images), ops.convert_to_tensor(boxes), 16, 20)
    )
    for image, (y, x, height, width), one in zip(images, boxes, got, strict=True):
        cut = Image.fromarray(image[y : y + height, x : x + width, 0])
        expected = np.asarray(cut.resize((20, 16), Image.Resampling.BILINEAR))
        np.testing.assert_allclose(one[..., 0], expected, atol=1e-3)


@pytest.mark.parametrize("crop", CROPS, ids=IDS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_shapes_and_dtypes(crop, dtype, rng):
    images = rng.integers(0, 256, (3, 10, 13, 2)).astype(dtype)
    for training in (False, True):
        batch = crop({"images": images, "labels": np.arange(3)}, training=training)
        assert tuple(batch["images"].shape) == (3, 6, 8, 2)
        assert batch["images"].dtype == dtype
        np.testing.assert_array_equal(batch["labels"], np.arange(3))
        assert tuple(crop(images[0], training=training).shape) == (6, 8, 2)
    assert crop.compute_output_shape((None, None, None, 3)) == (None, 6, 8, 3)
    again = type(crop).from_config(crop.get_config())
    assert again.get_config() == crop.get_config()
    drawn = crop.draw(0, 0, np.arange(3))
    np.testing.assert_array_equal(again.apply(images, drawn), crop.apply(images, drawn))


@pytest.mark.parametrize("crop", CROPS, ids=IDS)
def test_places_in_images_are_refused(crop):
    inputs = {"images": np.zeros((1, 9, 9, 1), "uint8"), "keypoints": np.zeros((1, 2, 2))}
    for training in (False, True):
        with pytest.raises(ValueError, match=r"no places in the images. Received: \['keypoints'\]"):
            crop(inputs, training=training)


@pytest.mark.parametrize("crop", CROPS[:2], ids=IDS[:2])
def test_too_small_images_are_refused(crop):
    with pytest.raises(ValueError, match=r"6 x 8 pixels or more.*shape=\(1, 5, 9, 1\)"):
        crop(np.zeros((1, 5, 9, 1), "uint8"), training=True)
