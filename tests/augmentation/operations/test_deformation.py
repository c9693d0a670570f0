"""Perspective against Pillow and its corners, elastic deformation against plain NumPy."""

import numpy as np
from keras import ops
from PIL import Image

from kerasbook.augmentation.operations import get_operation
from kerasbook.augmentation.operations.noise import uniform

HEIGHT, WIDTH = 23, 34


def matrices(magnitude, chance):
    parameters = get_operation("perspective").parameters
    numbers = parameters(ops.convert_to_tensor(np.float64(magnitude)), chance, HEIGHT, WIDTH)
    return np.array([float(number) for number in numbers])


def test_perspective_brings_the_corners_of_the_image_inwards(chances):
    for chance in chances(5):
        matrix = np.append(matrices(0.6, chance), 1).reshape(3, 3)
        moves = (0.3 * chance).reshape(4, 2) * [WIDTH, HEIGHT]
        corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], float)
        inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
        moved = np.append(corners + inwards * moves, np.ones((4, 1)), axis=1)
        sources = moved @ matrix.T
        np.testing.assert_allclose(sources[:, :2] / sources[:, 2:], corners, atol=1e-9)


def test_perspective_is_pillows(run_operation, rng, chances):
    images = rng.integers(0, 256, (4, HEIGHT, WIDTH, 3)).astype("uint8")
    results = run_operation("perspective", images, 0.5, chances(4))
    for image, chance, got in zip(images, chances(4), results, strict=True):
        numbers = matrices(0.5, chance)
        expected = Image.fromarray(image).transform(
            (WIDTH, HEIGHT), Image.Transform.PERSPECTIVE, numbers, Image.Resampling.NEAREST
        )
        np.testing.assert_array_equal(got, expected)


def field(side_y, side_x, chance, stream):
    """Noise on a grid of a third of the deviation, 4/29 of the side, under a normal curve."""
    deviation = 4 / 29
    points = np.arange(-9, 32) * deviation / 3
    seeds = ops.convert_to_tensor(chance[:2].astype("float32"))
    noise = ops.convert_to_numpy(uniform(41**2, seeds, stream)).astype(float).reshape(41, 41)
    noise = (noise - 0.5) * np.sqrt(12)
    result = np.zeros((side_y, side_x))
    for i in range(side_y):
        for j in range(side_x):
            y, x = (i + 0.5) / side_y, (j + 0.5) / side_x
            curve = np.exp(-((points - y)[:, None] ** 2 + (points - x) ** 2) / 2 / deviation**2)
            result[i, j] = (curve * noise).sum() / np.sqrt((curve**2).sum())
    return result


def bilinear(image, x, y, fill_value):
    left, upper = int(np.floor(x)), int(np.floor(y))
    value = np.zeros(image.shape[2])
    for column, a in ((left, left + 1 - x), (left + 1, x - left)):
        for row, b in ((upper, upper + 1 - y), (upper + 1, y - upper)):
            known = 0 <= column < image.shape[1] and 0 <= row < image.shape[0]
            value = value + a * b * (image[row, column] if known else fill_value)
    return value


def test_elastic_is_its_definition(run_operation, rng, chances):
    image = rng.uniform(0, 255, (HEIGHT, WIDTH, 2)).astype("float32")
    chance = chances(1)[0]
    across, down = (field(HEIGHT, WIDTH, chance, stream) for stream in range(2))
    expected = np.array(
        [
            [
                bilinear(image, j + 0.06 * WIDTH * across[i, j], i + 0.06 * HEIGHT * down[i, j], 9)
                for j in range(WIDTH)
            ]
            for i in range(HEIGHT)
        ]
    )
    got = run_operation("elastic", image[None], 0.06, chance, fill_value=9.0)[0]
    np.testing.assert_allclose(got, expected, atol=0.02)
    whole = run_operation("elastic", image[None].astype("uint8"), 0.06, chance, fill_value=9.0)
    assert abs(whole[0] - expected).max() < 2


def test_elastic_displacements_have_the_deviation_that_was_asked_for(run_operation, chances):
    # A slope shows where its pixels come from.
    slope = np.broadcast_to(np.arange(100.0)[:, None] + 60, (100, 60))[None, ..., None]
    images = np.repeat(slope, 40, axis=0).astype("float32")
    moved = run_operation("elastic", images, 0.03, chances(40)) - images
    inner = moved[:, 20:80, 10:50] / 100
    assert 0.025 < inner.std() < 0.035
    assert abs(inner.mean()) < 0.006
    assert abs(np.diff(inner, axis=1)).max() < 0.02
