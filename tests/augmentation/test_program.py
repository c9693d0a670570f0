"""The loop over images and steps: order, kernels shared, none at all, matrices, scales."""

import numpy as np
from helpers.pictures import carried_out, natural
from keras import ops
from PIL import Image, ImageOps

from kerasbook.augmentation.program import Steps, matrices_of, parameters_of, run


def steps_of(which, magnitudes):
    count, length = np.shape(which)
    return Steps(
        ops.convert_to_tensor(np.array(which, "int32")),
        ops.convert_to_tensor(np.array(magnitudes, "float32")),
        ops.zeros((count, length, 0)),
    )


def test_each_image_gets_its_own_steps_in_their_order(rng):
    images = natural(rng, 4)
    operations = ("rotate", "invert", "solarize", "translate_y")
    which = [[0, 1, 4], [2, 0, 1], [4, 4, 4], [3, 2, 3]]
    magnitudes = [[20, 0, 0], [100, -30, 0], [0, 0, 0], [0.2, 128, -0.1]]
    found = run(ops.convert_to_tensor(images), steps_of(which, magnitudes), operations, 0, (0, 255))
    found = ops.convert_to_numpy(found)
    for image, row, numbers, result in zip(images, which, magnitudes, found, strict=True):
        expected = image[None]
        for place, number in zip(row, numbers, strict=True):
            if place < 4:
                expected = carried_out(operations[place], expected, number, fill_value=0)
        np.testing.assert_array_equal(result, expected[0])


def test_against_pillow_in_a_chain(rng):
    images = natural(rng, 1)
    steps = steps_of([[0, 1]], [[30, 0]])
    found = run(ops.convert_to_tensor(images), steps, ("rotate", "equalize"), 0, (0, 255))
    expected = ImageOps.equalize(Image.fromarray(images[0]).rotate(30))
    np.testing.assert_array_equal(ops.convert_to_numpy(found)[0], expected)


def test_matrices_are_those_of_geometric_steps():
    steps = steps_of([[0, 1, 2], [2, 0, 0]], [[0.25, 3, 0], [0, -0.5, 0]])
    found = ops.convert_to_numpy(matrices_of(steps, ("translate_x", "invert"), 10, 20))
    expected = np.tile(np.array([1, 0, 0, 0, 1, 0, 0, 0.0]), (2, 3, 1))
    expected[0, 0, 2], expected[1, 1, 2] = 5, -10
    np.testing.assert_allclose(found, expected)


def test_parameters_are_those_of_each_steps_operation():
    steps = steps_of([[0, 1, 2]], [[1.5, 0.25, 9]])
    found = ops.convert_to_numpy(parameters_of(steps, ("color", "shear_y"), 10, 20))
    np.testing.assert_allclose(found[0, 0, 0], 1.5)
    np.testing.assert_allclose(found[0, 1], [1, 0, 0, 0.25, 1, 0])
    np.testing.assert_allclose(found[0, 2], 0)


def test_floats_come_back_in_their_dtype_and_range(rng):
    images = (natural(rng, 2).astype("float32") / 127.5 - 1).astype("float16")
    steps = steps_of([[0], [1]], [[0], [0]])
    found = run(ops.convert_to_tensor(images), steps, ("invert",), 0, (-1, 1))
    found = ops.convert_to_numpy(found)
    assert found.dtype == "float16"
    np.testing.assert_allclose(found[0], -images[0], atol=2e-3)
    np.testing.assert_allclose(found[1], images[1], atol=2e-3)


def test_floats_that_get_nothing_come_back_to_the_last_bit(rng):
    images = rng.uniform(-1, 1, (2, 8, 9, 3)).astype("float32")
    steps = steps_of([[2], [1]], [[0], [0]])
    found = run(ops.convert_to_tensor(images), steps, ("invert", "rotate"), 0, (-1, 1))
    np.testing.assert_array_equal(ops.convert_to_numpy(found), images)


def test_floats_outside_the_range_are_clipped():
    images = ops.convert_to_tensor(np.array([[[[-0.5, 0.5, 1.5]]]], "float32"))
    found = run(images, steps_of([[0]], [[0]]), ("identity",), 0, (0, 1))
    np.testing.assert_allclose(ops.convert_to_numpy(found).ravel(), [0, 0.5, 1], atol=1e-6)
