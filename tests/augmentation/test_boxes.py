"""Bounding boxes: formats against Keras, moves against a rectangle that is painted and found."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kerasbook.augmentation import program
from kerasbook.augmentation.boxes import (
    BOX_FORMATS,
    from_pixels,
    moved_boxes,
    require_within,
    to_pixels,
)
from kerasbook.augmentation.operations import OPERATIONS, get_operation

pytestmark = pytest.mark.tensorflow

HEIGHT, WIDTH = 61, 83
MOVING = sorted(name for name, operation in OPERATIONS.items() if operation.is_geometric)


def steps_of(magnitudes, chances, names):
    """Steps that give each image the operations of `names`, (batch, steps), in turn."""
    operations = tuple(dict.fromkeys(names.ravel()))
    which = np.vectorize(operations.index)(names).astype("int32")
    return program.Steps(which, magnitudes.astype("float32"), chances.astype("float32")), operations


def random_steps(rng, batch, steps, choice=MOVING):
    names = rng.choice(choice, (batch, steps))
    magnitudes = np.zeros((batch, steps))
    for place, name in np.ndenumerate(names):
        operation = get_operation(name)
        if operation.has_level:
            reach = rng.uniform(0.2, 0.8) * (rng.choice([-1, 1]) if operation.signed else 1)
            magnitudes[place] = operation.low + reach * (operation.high - operation.low)
    return steps_of(magnitudes, rng.uniform(0, 1, (batch, steps, 8)), names)


def painted(boxes):
    """Black pictures, each with one white rectangle."""
    images = np.zeros((len(boxes), HEIGHT, WIDTH, 1), "uint8")
    for image, (left, upper, right, lower) in zip(images, boxes, strict=True):
        image[upper:lower, left:right] = 255
    return images


def found(image):
    """The edges of what is white, as a box."""
    y, x = np.nonzero(np.asarray(image)[..., 0])
    return [x.min(), y.min(), x.max() + 1, y.max() + 1]


@pytest.mark.parametrize("box_format", BOX_FORMATS)
def test_formats_are_those_of_keras(box_format, rng):
    start = rng.uniform(0, 20, (3, 5, 2))
    pixels = np.concatenate([start, start + rng.uniform(1, 20, (3, 5, 2))], -1)
    expected = keras.utils.bounding_boxes.convert_format(
        pixels.astype("float32"), "xyxy", box_format, height=HEIGHT, width=WIDTH
    )
    boxes = from_pixels(ops.convert_to_tensor(pixels), box_format, HEIGHT, WIDTH, "float32")
    np.testing.assert_allclose(boxes, expected, rtol=1e-6)
    np.testing.assert_allclose(to_pixels(boxes, box_format, HEIGHT, WIDTH), pixels, rtol=1e-5)


def test_whole_numbers_are_rounded_and_stay_whole():
    pixels = ops.convert_to_tensor([[1.6, 2.4, 30.5001, 41.0]])
    boxes = from_pixels(pixels, "xyxy", HEIGHT, WIDTH, "int32")
    assert keras.backend.standardize_dtype(boxes.dtype) == "int32"
    np.testing.assert_array_equal(boxes, [[2, 2, 31, 41]])


@pytest.mark.parametrize(
    ("choice", "steps"), [*(([name], 1) for name in MOVING), (MOVING, 2)], ids=[*MOVING, "any_two"]
)
def test_boxes_are_where_the_painted_rectangle_is_found(choice, steps, rng):
    batch = 24
    left, upper = rng.integers(0, 50, batch), rng.integers(0, 35, batch)
    boxes = np.stack([left, upper, left + rng.integers(12, 33, batch), upper + 25], -1)
    plan, operations = random_steps(rng, batch, steps, choice)
    images = program.run(painted(boxes), plan, operations, 0, (0, 255))
    matrices = program.matrices_of(plan, operations, HEIGHT, WIDTH)
    moved, labels = moved_boxes(
        ops.convert_to_tensor(boxes[:, None].astype("float64")),
        ops.convert_to_tensor(np.ones((batch, 1), "int32")),
        matrices, HEIGHT, WIDTH, box_format="xyxy", min_visibility=0.05,
    )  # fmt: skip
    kept = ops.convert_to_numpy(labels)[:, 0] == 1
    assert kept.sum() > batch / 2
    for image, box in zip(
        ops.convert_to_numpy(images)[kept], ops.convert_to_numpy(moved)[kept, 0], strict=True
    ):
        # The middles of pixels are half a pixel inside; each step takes the nearest one.
        np.testing.assert_allclose(box, found(image), atol=0.5 + 0.5 * steps)


def test_whole_shifts_are_exact():
    boxes = np.array([[10, 20, 30, 45], [60, 30, 80, 50], [0, 0, 10, 61], [70, 5, 83, 9]])
    names = np.array([["translate_x", "translate_y"]] * 4)
    shifts = np.array([[7, -5], [-12, 20], [5, 3], [-20, 0]]) / [WIDTH, HEIGHT]
    plan, operations = steps_of(shifts, np.zeros((4, 2, 1)), names)
    images = program.run(painted(boxes), plan, operations, 0, (0, 255))
    matrices = program.matrices_of(plan, operations, HEIGHT, WIDTH)
    moved, labels = moved_boxes(
        ops.convert_to_tensor(boxes[:, None].astype("int64")),
        ops.convert_to_tensor(np.ones((4, 1), "int64")),
        matrices, HEIGHT, WIDTH, box_format="xyxy",
    )  # fmt: skip
    np.testing.assert_array_equal(labels, [[1], [1], [1], [-1]])
    for image, box in zip(images[:3], ops.convert_to_numpy(moved)[:3, 0], strict=True):
        np.testing.assert_array_equal(box, found(image))
    np.testing.assert_array_equal(moved[3], [[0, 0, 0, 0]])


def test_what_is_padding_stays_and_what_leaves_becomes_padding():
    left_by_30 = np.array([[[1, 0, 30.0, 0, 1, 0, 0, 0]]])
    boxes = np.array([[[-1, -1, -1, -1], [0, 0, 29, 9], [20, 0, 40, 9], [0, 0, 40, 9]]], "float32")
    labels = np.array([[-1.0, 0, 3, 4]], "float16")
    arguments = (ops.convert_to_tensor(boxes), ops.convert_to_tensor(labels), left_by_30)
    moved, kept = moved_boxes(*arguments, HEIGHT, WIDTH, box_format="xyxy", min_visibility=0.3)
    np.testing.assert_array_equal(
        moved, [[[-1, -1, -1, -1], [0, 0, 0, 0], [0, 0, 10, 9], [0, 0, 0, 0]]]
    )
    np.testing.assert_array_equal(kept, [[-1, -1, 3, -1]])
    assert keras.backend.standardize_dtype(kept.dtype) == "float16"


def test_in_a_graph_boxes_are_cut_off_at_the_border():
    still = np.array([[[1.0, 0, 0, 0, 1, 0, 0, 0]]])

    @tf.function(input_signature=[tf.TensorSpec([1, None, 4]), tf.TensorSpec([1, None], tf.int64)])
    def move(boxes, labels):
        return moved_boxes(boxes, labels, still, HEIGHT, WIDTH, box_format="rel_xyxy")

    moved, labels = move(np.array([[[-0.5, 0.2, 0.5, 1.25]]], "float32"), np.array([[7]]))
    np.testing.assert_allclose(moved, [[[0, 0.2, 0.5, 1]]])
    np.testing.assert_array_equal(labels, [[7]])


def test_boxes_outside_raise_and_name_the_box():
    boxes, labels = np.array([[[0, 0, 1, 1], [0.5, 0.5, 0.9, 2]]], "float32"), np.array([[1, 1]])
    with pytest.raises(ValueError, match=r"`bounding_boxes` must be within .*boxes\[0, 1\]=.*83 x"):
        require_within(boxes, labels, HEIGHT, WIDTH, "rel_yxyx")
    require_within(boxes, np.array([[1, -1]]), HEIGHT, WIDTH, "rel_yxyx")
    with pytest.raises(ValueError, match=r"boxes\[0, 0\]"):
        require_within(boxes[..., [2, 3, 0, 1]], labels, HEIGHT, WIDTH, "rel_yxyx")
