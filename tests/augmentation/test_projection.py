"""Places under warps, against dense samples that are carried forward one by one."""

import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation.projection import moved_points, stages_of, visible_parts

HEIGHT, WIDTH = 60, 90


def random_matrices(rng, batch, steps, projective):
    """Inverse maps about the middle of the picture: shears, turns, stretches, flips and shifts."""
    matrices = []
    middle = np.array([[1, 0, WIDTH / 2], [0, 1, HEIGHT / 2], [0, 0, 1]])
    for _ in range(batch * steps):
        matrix = np.eye(3)
        matrix[:2, :2] += rng.uniform(-0.6, 0.6, (2, 2))
        matrix[:2, :2] *= rng.choice([-1, 1], (1, 2))
        matrix[:2, 2] = rng.uniform(-20, 20, 2)
        if projective:
            matrix[2, :2] = rng.uniform(-0.003, 0.003, 2)
        matrix = middle @ matrix @ np.linalg.inv(middle)
        matrices.append((matrix / matrix[2, 2]).reshape(9)[:8])
    return np.reshape(matrices, (batch, steps, 8))


def carried(points, matrices):
    """Places (count, 2) after all steps of one image, and whether they never left it."""
    visible = np.ones(len(points), bool)
    for numbers in matrices:
        forward = np.linalg.inv(np.append(numbers, 1).reshape(3, 3))
        x, y, scale = forward @ np.vstack([points.T, np.ones(len(points))])
        points = np.stack([x / scale, y / scale], -1)
        inside = (points >= 0).all(-1) & (points <= [WIDTH, HEIGHT]).all(-1)
        visible &= inside
    return points, visible


def random_boxes(rng, shape):
    ends = np.sort(rng.uniform(0, 1, (*shape, 2, 2)), axis=-2) * [WIDTH, HEIGHT]
    return ends.reshape(*shape, 4)


@pytest.mark.parametrize("projective", [False, True])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_visible_parts_are_the_bounds_of_the_samples_left(projective, steps, rng):
    matrices = random_matrices(rng, 12, steps, projective)
    boxes = random_boxes(rng, (12, 5))
    found, fraction = map(ops.convert_to_numpy, visible_parts(boxes, matrices, HEIGHT, WIDTH))
    compared = 0
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 201)] * 2), -1).reshape(-1, 2)
    for i, j in np.ndindex(12, 5):
        low, high = boxes[i, j, :2], boxes[i, j, 2:]
        points, visible = carried(low + grid * (high - low), matrices[i])
        # A sample stands for 1 / 200 of the box, stretched up to some times.
        assert abs(fraction[i, j] - visible.mean()) < 0.02
        if visible.mean() > 0.02:
            compared += 1
            bounds = [*points[visible].min(0), *points[visible].max(0)]
            np.testing.assert_allclose(found[i, j], bounds, atol=2.0)
            outside = np.array([*(bounds[:2] - found[i, j, :2]), *(found[i, j, 2:] - bounds[2:])])
            assert (outside > -1e-6).all()  # no sample is outside of what was found
    assert compared > 25


def test_a_box_of_which_nothing_is_left_has_fraction_zero():
    away = np.array([[[1, 0, 50.0, 0, 1, 0, 0, 0], [1, 0, -50.0, 0, 1, 0, 0, 0]]])  # and back
    boxes = np.array([[[10.0, 20, 40, 50], [30.0, 20, 70, 50], [5.0, 5, 5, 9]]])
    found, fraction = visible_parts(boxes, away, HEIGHT, WIDTH)
    np.testing.assert_allclose(fraction, [[0, 0.5, 0]])
    np.testing.assert_allclose(ops.convert_to_numpy(found)[0, 1], [50, 20, 70, 50])


def test_steps_that_do_nothing_change_nothing(rng):
    boxes = random_boxes(rng, (2, 4))
    boxes[:, 0] = [0, 0, WIDTH, HEIGHT]  # its sides are those of the image after each step
    still = np.tile([1.0, 0, 0, 0, 1, 0, 0, 0], (2, 3, 1))
    found, fraction = visible_parts(boxes, still, HEIGHT, WIDTH)
    np.testing.assert_allclose(found, boxes, rtol=1e-12)
    np.testing.assert_allclose(fraction, np.ones((2, 4)))
    points, visible = moved_points(boxes[..., :2], still, HEIGHT, WIDTH)
    np.testing.assert_array_equal(points, boxes[..., :2])
    assert ops.convert_to_numpy(visible).all()


@pytest.mark.parametrize("projective", [False, True])
def test_points_go_where_the_steps_take_them(projective, rng):
    matrices = random_matrices(rng, 8, 3, projective)
    start = random_boxes(rng, (8, 20))[..., :2]
    found, visible = map(ops.convert_to_numpy, moved_points(start, matrices, HEIGHT, WIDTH))
    for i in range(8):
        points, inside = carried(start[i], matrices[i])
        np.testing.assert_allclose(found[i], points, rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(visible[i], inside)
    assert 20 < visible.sum() < 140


def test_stages_lead_from_the_final_picture_back_to_the_source(rng):
    matrices = random_matrices(rng, 2, 3, True)
    source, first, second, last = map(ops.convert_to_numpy, stages_of(matrices))
    a, b, c = (
        np.concatenate([m, np.ones((2, 1))], 1).reshape(2, 3, 3)
        for m in np.moveaxis(matrices, 1, 0)
    )
    np.testing.assert_allclose(source, a @ b @ c)
    np.testing.assert_allclose(first, b @ c)
    np.testing.assert_allclose(second, c)
    np.testing.assert_array_equal(last, [np.eye(3)] * 2)
