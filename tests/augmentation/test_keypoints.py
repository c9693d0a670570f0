"""Keypoints: moved against a dot that is painted and found again."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation import program
from kerasbook.augmentation.keypoints import moved_keypoints
from kerasbook.augmentation.operations import OPERATIONS, get_operation

HEIGHT, WIDTH = 53, 71
MOVING = sorted(name for name, operation in OPERATIONS.items() if operation.is_geometric)


@pytest.mark.parametrize("name", MOVING)
def test_a_painted_dot_is_found_where_its_keypoint_is(name, rng):
    batch, operation = 30, get_operation(name)
    x, y = rng.integers(3, WIDTH - 3, batch), rng.integers(3, HEIGHT - 3, batch)
    images = np.zeros((batch, HEIGHT, WIDTH, 1), "uint8")
    for i in range(batch):
        images[i, y[i] - 2 : y[i] + 3, x[i] - 2 : x[i] + 3] = 255
    magnitude = np.zeros((batch, 1), "float32")
    if operation.has_level:
        reach = rng.uniform(0, 1, (batch, 1)) * rng.choice([-1, 1], (batch, 1))
        reach = reach if operation.signed else abs(reach)
        magnitude = (operation.low + reach * (operation.high - operation.low)).astype("float32")
    chance = rng.uniform(0, 1, (batch, 1, 4)).astype("float32")
    steps = program.Steps(np.zeros((batch, 1), "int32"), magnitude, chance)
    images = ops.convert_to_numpy(program.run(images, steps, (name,), 0, (0, 255)))
    points = np.stack([x + 0.5, y + 0.5, np.full(batch, 2.0)], -1)[:, None]
    matrices = program.matrices_of(steps, (name,), HEIGHT, WIDTH)
    moved = moved_keypoints(ops.convert_to_tensor(points), matrices, HEIGHT, WIDTH)
    compared = 0
    for image, (left, upper, visibility) in zip(
        images, ops.convert_to_numpy(moved)[:, 0], strict=True
    ):
        inside = 0 <= left <= WIDTH and 0 <= upper <= HEIGHT
        assert visibility == (2 if inside else 0)
        if 5 < left < WIDTH - 5 and 5 < upper < HEIGHT - 5:  # the whole dot is to be seen
            middle = np.argwhere(image[..., 0]).mean(0)[::-1] + 0.5
            np.testing.assert_allclose([left, upper], middle, atol=0.6)
            compared += 1
    assert compared > 5


def test_a_whole_shift_is_exact_and_coordinates_outside_are_kept():
    matrices = np.array([[[1, 0, 10.0, 0, 1, -3.0, 0, 0]]])
    points = np.array([[[12, 5], [4, 4], [30, 51]]], "float32")
    moved = moved_keypoints(ops.convert_to_tensor(points), matrices, HEIGHT, WIDTH)
    np.testing.assert_array_equal(moved, [[[2, 8], [-6, 7], [20, 54]]])
    assert keras.backend.standardize_dtype(moved.dtype) == "float32"


def test_what_is_not_labelled_stays_and_what_was_lost_does_not_come_back():
    there_and_back = [[1, 0, 10.0, 0, 1, 0, 0, 0], [1, 0, -13.4, 0, 1, 0, 0, 0]]
    points = np.array([[[0, 0, 0], [4, 4, 1], [30, 40, 2], [30, 40, 0]]], "int32")
    moved = moved_keypoints(
        ops.convert_to_tensor(points), np.array([there_and_back]), HEIGHT, WIDTH
    )
    np.testing.assert_array_equal(moved, [[[0, 0, 0], [7, 4, 0], [33, 40, 2], [30, 40, 0]]])
    assert keras.backend.standardize_dtype(moved.dtype) == "int32"
