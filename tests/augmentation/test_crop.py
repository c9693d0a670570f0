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


def painted(rng, count, size):
    """Images with one bright rectangle each, and its edges: left, upper, right, lower."""
    height, width = size
    images, boxes = np.full((count, *size, 1), 10, "uint8"), []
    for image in images:
        (upper, lower), (left, right) = (
            np.sort(rng.choice(side + 1, 2, replace=False)) for side in (height, width)
        )
        image[upper:lower, left:right] = 250
        boxes.append([left, upper, right, lower])
    return images, np.array(boxes, "float32")[:, None]


def found_again(image):
    y, x = np.nonzero(image[..., 0] > 130)
    return (x.min(), y.min(), x.max() + 1, y.max() + 1) if len(x) else None


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("cls", [CenterCrop, RandomCrop, RandomResizedCrop])
def test_boxes_are_where_the_rectangle_is_found(cls, training, rng):
    more = {"padding": 3} if cls is RandomCrop else {}
    crop = cls(14, 18, bounding_box_format="xyxy", **more)
    images, boxes = painted(rng, 40, (20, 25))
    labels = np.ones((40, 1), "int32")
    batch = {"images": images, "bounding_boxes": {"boxes": boxes, "labels": labels}}
    result = crop(batch, training=training)
    given = (result["images"], *(result["bounding_boxes"][k] for k in ("boxes", "labels")))
    lost = 0
    for image, (box,), (label,) in zip(*map(ops.convert_to_numpy, given), strict=True):
        bounds = found_again(image)
        if cls is not RandomResizedCrop:
            assert (bounds is None) == (label == -1)
        if label == -1:
            lost += 1
            np.testing.assert_array_equal(box, 0)
        elif bounds is not None:
            # What is enlarged is blurred: half a pixel of the source at most.
            slack = 1.6 if cls is RandomResizedCrop else 1e-4
            np.testing.assert_allclose(box, bounds, atol=slack)
    assert lost < 20


@pytest.mark.parametrize("rank", [3, 4])
@pytest.mark.parametrize("cls", [CenterCrop, RandomCrop])
def test_masks_are_cut_as_images(cls, rank, rng):
    more = {"padding": 2, "fill_value": 7, "fill_label": 7} if cls is RandomCrop else {}
    images = rng.integers(0, 256, (5, 12, 15, 1)).astype("uint8")
    masks = images.astype("int32") if rank == 4 else images[..., 0].astype("int32")
    for training in (False, True):
        found = cls(8, 9, **more)(
            {"images": images, "segmentation_masks": masks}, training=training
        )
        expected = ops.convert_to_numpy(found["images"])
        expected = expected if rank == 4 else expected[..., 0]
        np.testing.assert_array_equal(ops.convert_to_numpy(found["segmentation_masks"]), expected)


def test_masks_are_resized_by_the_nearest_pixel(rng):
    crop = RandomResizedCrop(7, 10)
    masks = rng.integers(0, 9, (4, 12, 15)).astype("uint8")
    batch = {"images": np.repeat(masks[..., None], 3, -1), "segmentation_masks": masks}
    drawn = rng.uniform(size=(4, crop.num_draws)).astype("float32")
    found = ops.convert_to_numpy(crop.apply(batch, drawn)["segmentation_masks"])
    window = ops.convert_to_numpy(crop.window((12, 15), ops.convert_to_tensor(drawn)))
    for mask, (upper, left, height, width), one in zip(masks, window, found, strict=True):
        y = np.floor(upper + (np.arange(7) + 0.5) * height / 7).astype(int)
        x = np.floor(left + (np.arange(10) + 0.5) * width / 10).astype(int)
        np.testing.assert_array_equal(one, mask[np.ix_(y, x)])


def test_keypoints_move_with_the_window(rng):
    crop = RandomResizedCrop(7, 10)
    points = rng.uniform(0, 12, (4, 5, 2))
    seen = np.concatenate([points, np.full((4, 5, 1), 2.0)], -1).astype("float32")
    images = np.zeros((4, 12, 15, 1), "uint8")
    drawn = rng.uniform(size=(4, crop.num_draws)).astype("float32")
    found = crop.apply({"images": images, "keypoints": seen}, drawn)["keypoints"]
    found = ops.convert_to_numpy(found)
    window = ops.convert_to_numpy(crop.window((12, 15), ops.convert_to_tensor(drawn)))
    upper, left, height, width = window.T[..., None]
    x, y = (points[..., 0] - left) * 10 / width, (points[..., 1] - upper) * 7 / height
    np.testing.assert_allclose(found[..., :2], np.stack([x, y], -1), rtol=1e-4, atol=1e-4)
    within = (x >= 0) & (x <= 10) & (y >= 0) & (y <= 7)
    assert 0 < within.sum() < 20
    np.testing.assert_array_equal(found[..., 2], 2 * within)


def test_shapes_of_masks_are_known_symbolically():
    shapes = {"images": (None, 9, 9, 3), "segmentation_masks": (None, 9, 9)}
    assert CenterCrop(4, 5).compute_output_shape(shapes)["segmentation_masks"] == (None, 4, 5)


@pytest.mark.parametrize("crop", CROPS[:2], ids=IDS[:2])
def test_too_small_images_are_refused(crop):
    with pytest.raises(ValueError, match=r"6 x 8 pixels or more.*shape=\(1, 5, 9, 1\)"):
        crop(np.zeros((1, 5, 9, 1), "uint8"), training=True)
