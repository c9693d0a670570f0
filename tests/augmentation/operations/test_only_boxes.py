"""Operations inside bounding boxes, against NumPy slices."""

import numpy as np
import pytest

from kerasbook.augmentation import AutoAugment

GOLDEN, RATE = (5**0.5 - 1) / 2, 1 / 3  # the golden section; the paper's share of the boxes
HEIGHT, WIDTH, LEVEL = 32, 45, 10  # a shift of 120 / 640 * 32 = 6 pixels
STEP = {"operation": "translate_y_only_boxes", "probability": 1.0, "level": LEVEL}


def expected_image(image, boxes, coin, shift):
    """Box by box: what is inside moves up by `shift` pixels, 9 comes in."""
    result = image.copy()
    for number, (left, upper, right, lower) in enumerate(boxes):
        if (coin + number * GOLDEN) % 1 < RATE:
            inside = result[upper:lower, left:right]
            moved = np.full_like(inside, 9)
            if shift > 0:
                moved[:-shift] = inside[shift:]
            else:
                moved[-shift:] = inside[:shift]
            result[upper:lower, left:right] = moved
    return result


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_contents_move_within_their_boxes(dtype, rng):
    count = 8
    images = rng.integers(10, 256, (count, HEIGHT, WIDTH, 3)).astype(dtype)
    left, upper = rng.integers(0, 20, (count, 5)), rng.integers(0, 15, (count, 5))
    boxes = np.stack([left, upper, left + 15, upper + rng.integers(9, 16, (count, 5))], -1)
    labels = np.ones((count, 5), "int64")
    padded = np.concatenate([boxes, np.full((count, 1, 4), 7)], 1).astype("float32")
    padded[:, -1, 2:] = 30  # padding may hold anything
    given = {"boxes": padded, "labels": np.concatenate([labels, -labels[:, :1]], 1)}
    policy = AutoAugment([[STEP]], fill_value=9, bounding_box_format="xyxy")
    assert policy.num_draws == 4
    drawn = rng.uniform(0, 1, (count, 4)).astype("float32")
    result = policy.apply({"images": images, "bounding_boxes": given}, drawn)
    for i in range(count):
        shift = -6 if drawn[i, 2] < 0.5 else 6
        expected = expected_image(images[i], boxes[i], drawn[i, 3], shift)
        np.testing.assert_array_equal(result["images"][i], expected)
    np.testing.assert_array_equal(result["bounding_boxes"]["boxes"], padded)
    np.testing.assert_array_equal(policy.apply(images, drawn), images)  # no boxes, no change


def test_a_box_that_an_earlier_step_moved_is_taken_where_it_is_then(rng):
    move = {"operation": "translate_x", "probability": 1.0, "level": 10}
    policy = AutoAugment(
        [[move, STEP]], ranges={"translate_x": (0, 9 / WIDTH)}, fill_value=9,
        bounding_box_format="xyxy",
    )  # fmt: skip
    images = rng.integers(10, 256, (1, HEIGHT, WIDTH, 3)).astype("uint8")
    box = {"boxes": np.array([[[20, 5, 35, 20]]]), "labels": np.array([[3]])}
    drawn = np.array([[0, 0, 0.9, 0, 0, 0.9, 0.1]], "float32")
    result = policy.apply({"images": images, "bounding_boxes": box}, drawn)
    shifted = np.full_like(images[0], 9)
    shifted[:, :-9] = images[0][:, 9:]
    np.testing.assert_array_equal(result["bounding_boxes"]["boxes"], [[[11, 5, 26, 20]]])
    expected = expected_image(shifted, [[11, 5, 26, 20]], 0.1, 6)
    np.testing.assert_array_equal(result["images"][0], expected)


def test_the_published_policy_runs(rng):
    images = rng.integers(0, 256, (4, HEIGHT, WIDTH, 3)).astype("uint8")
    boxes = {"boxes": np.tile([[0.1, 0.2, 0.7, 0.8]], (4, 1, 1)), "labels": np.ones((4, 1), int)}
    given = {"images": images, "bounding_boxes": boxes}
    policy = AutoAugment("detection_v0")
    assert "translate_y_only_boxes" in policy.operations
    result = policy.augment(given, seed=0, index=np.arange(4))
    assert result["images"].shape == images.shape
    assert (result["images"] != images).any()
