"""What covers a part of the image: areas, places, contents, and the holes of a grid."""

import numpy as np
import pytest


def edges(mask):
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


@pytest.mark.parametrize("name", ["erase", "erase_with_noise"])
def test_erase_covers_one_rectangle_of_the_area(run_operation, chances, name):
    images = np.full((30, 40, 60, 1), 77, "uint8")
    result = run_operation(name, images, 0.1, chances(30))[..., 0]
    aspects = []
    for one in result:
        upper, lower, left, right = edges(one != 77)
        tall, wide = lower - upper, right - left
        assert ((one != 77)[upper:lower, left:right]).mean() > 0.95  # noise may be 77 too
        assert abs(tall * wide - 240) <= (tall + wide + 1) / 2
        aspects.append(np.log(tall / wide))
    # Uniform in the logarithm, from 0.3 to 1/0.3.
    assert -1.35 < min(aspects) < -0.8
    assert 0.8 < max(aspects) < 1.35
    if name == "erase_with_noise":
        noise = result[result != 77].astype(float)
        assert abs(noise.mean() - 127.5) < 5 * 74 / np.sqrt(noise.size)
        assert abs(noise.std() - 74) < 3
        both = (result[0] != 77) & (result[1:] != 77)
        assert both.sum() > 200
        assert (result[0] == result[1:])[both].mean() < 0.05


def test_erase_reaches_all_places_evenly(run_operation, chances):
    images = np.full((400, 12, 16, 1), 1, "uint8")
    covered = run_operation("erase", images, 0.1, chances(400))[..., 0] == 0
    upper, lower, left, right = np.array([edges(one) for one in covered]).T
    for start, room in ((upper, 12 - (lower - upper)), (left, 16 - (right - left))):
        assert (start <= room).all()
        assert (start == 0).any()
        assert (start == room).any()
        assert abs((start / np.maximum(room, 1)).mean() - 0.5) < 0.08


@pytest.mark.parametrize(
    "name", ["erase", "erase_with_noise", "coarse_dropout", "coarse_dropout_in_color", "grid_mask"]
)
def test_a_level_covers_what_lower_levels_do(run_operation, chances, name):
    images = np.full((41, 30, 44, 3), 77.5, "float32")
    chance = np.repeat(chances(1, 3), 41, axis=0)
    covered = (run_operation(name, images, np.linspace(0, 0.6, 41), chance) != 77.5).any(-1)
    assert not covered[0].any()
    assert (covered[1:] >= covered[:-1]).all()
    assert covered[-1].mean() > 0.2


def test_coarse_dropout_covers_up_to_eight_rectangles_of_the_area(run_operation, chances):
    images = np.full((50, 64, 80, 1), 1, "uint8")
    covered = run_operation("coarse_dropout", images, 0.2, chances(50)) == 0
    area = covered.mean((1, 2, 3))
    assert area.max() < 0.21
    # Without overlaps it would be 0.2; the chance of a pixel under eight of 1/40 is 0.183.
    assert 0.16 < area.mean() < 0.2
    assert len({one.tobytes() for one in covered}) == 50


def test_coarse_dropout_in_color_has_a_color_for_each_rectangle(run_operation, chances):
    images = np.full((1, 64, 80, 3), 1, "uint8")
    colored = run_operation("coarse_dropout_in_color", images, 0.2, chances(1))[0]
    plain = run_operation("coarse_dropout", images, 0.2, chances(1))[0]
    np.testing.assert_array_equal((colored != 1).any(-1), (plain != 1).any(-1))
    assert 4 < len(np.unique(colored.reshape(-1, 3), axis=0)) <= 9


@pytest.mark.parametrize("magnitude", [0.3, 0.7])
def test_grid_mask_is_its_definition(run_operation, chances, magnitude):
    images = np.full((5, 28, 35, 2), 9, "uint8")
    result = run_operation("grid_mask", images, magnitude, chances(5), fill_value=3.0)
    for chance, got in zip(chances(5), result, strict=True):
        period = int(28 * (96 + 128 * chance[0]) / 224) + 1
        side = int(float(np.float32(magnitude)) * period + 0.5)
        left, upper = int(chance[1] * period), int(chance[2] * period)
        expected = [
            [(i + upper) % period < side and (j + left) % period < side for j in range(35)]
            for i in range(28)
        ]
        np.testing.assert_array_equal(got == 3, np.repeat(np.array(expected)[..., None], 2, -1))
