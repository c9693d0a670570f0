"""Noise: the generator's distribution and independence, and what operations make of it."""

import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation.operations import noise

SEEDS = np.array([0.25, 0.5], "float32")
NEXT = 2.0**-24


def drawn(function, count, seeds=SEEDS, stream=0):
    return ops.convert_to_numpy(function(count, ops.convert_to_tensor(seeds), stream))


def test_uniform_by_chi_square_and_all_different():
    numbers = drawn(noise.uniform, 100_000)
    assert numbers.dtype == "float32"
    assert numbers.min() >= 0
    assert numbers.max() < 1
    counts = np.histogram(numbers, 100, (0, 1))[0]
    assert abs(((counts - 1000) ** 2 / 1000).sum() - 99) < 5 * 14.1
    # Of 2^24 values 100,000 draws repeat about 298, as a birthday does.
    repeated = len(numbers) - len(np.unique(numbers))
    assert abs(repeated - 298) < 5 * np.sqrt(298)


def test_uniform_by_chi_square_in_pairs():
    numbers = drawn(noise.uniform, 100_000).reshape(-1, 2)
    counts = np.histogram2d(*numbers.T, 10, ((0, 1), (0, 1)))[0]
    assert abs(((counts - 500) ** 2 / 500).sum() - 99) < 5 * 14.1


def test_neighbours_in_every_argument_are_uncorrelated():
    count = 50_000
    numbers = drawn(noise.uniform, count)
    others = {
        "next pixel": np.roll(numbers, 1),
        "next row": np.roll(numbers, 224),
        "first seed": drawn(noise.uniform, count, SEEDS + np.array([NEXT, 0], "float32")),
        "second seed": drawn(noise.uniform, count, SEEDS + np.array([0, NEXT], "float32")),
        "both seeds": drawn(noise.uniform, count, SEEDS + np.array([NEXT, NEXT], "float32")),
        "swapped seeds": drawn(noise.uniform, count, SEEDS[::-1].copy()),
        "stream": drawn(noise.uniform, count, stream=1),
    }
    for name, other in others.items():
        assert not np.array_equal(numbers, other), name
        assert abs(np.corrcoef(numbers, other)[0, 1]) < 5 / np.sqrt(count), name


def test_first_numbers_of_many_seeds_are_uniform():
    seeds = np.stack([0.25 + NEXT * np.arange(1000), np.full(1000, 0.5)]).astype("float32")
    first = drawn(noise.uniform, 1, seeds)
    counts = np.histogram(first, 10, (0, 1))[0]
    assert abs(((counts - 100) ** 2 / 100).sum() - 9) < 5 * np.sqrt(18)


def test_sequences_that_begin_close_together_are_no_shifts_of_each_other():
    seeds = np.stack([np.arange(100_000) * NEXT, np.zeros(100_000)]).astype("float32")
    first = ops.cast(ops.convert_to_tensor(seeds[0] * 2**24), "int32")
    # Where the generator begins to count, stream 0 and second seed 0.
    start = noise._mixed(noise._mixed(first + noise._GOLDEN) ^ 1)
    start = ops.convert_to_numpy(start).astype("int64")
    order = np.argsort(start)
    gap = np.diff(start[order])
    near = int(np.argmin(gap))
    assert gap[near] < 100
    one, other = (drawn(noise.uniform, 2000, seeds[:, order[i]]) for i in (near, near + 1))
    assert not np.isin(other[:1000], one).mean() > 0.01


def test_normal_has_the_moments_and_the_quantiles_of_the_normal_distribution():
    count = 200_000
    numbers = drawn(noise.normal, count).astype(float)
    assert np.isfinite(numbers).all()
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((numbers**power).mean() - moment) < 5 * np.sqrt(variance / count), power
    for limit, share in ((-2.0, 0.02275), (-1.0, 0.15866), (0.5, 0.69146), (3.0, 0.99865)):
        bound = 5 * np.sqrt(share * (1 - share) / count)
        assert abs((numbers < limit).mean() - share) < bound, limit


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_gaussian_noise_is_unbiased_and_differs_between_images(run_operation, chances, dtype):
    images = np.full((2, 60, 70, 3), 100, dtype)
    noisy = run_operation("gaussian_noise", images, 0.05, chances(2)).astype(float) - 100
    count, deviation = noisy[0].size, 0.05 * 255
    for one in noisy:
        assert abs(one.mean()) < 5 * deviation / np.sqrt(count)
        # Rounding to whole numbers adds 1/12 to the variance.
        variance = deviation**2 + (1 / 12 if dtype == "uint8" else 0)
        assert abs(one.var() / variance - 1) < 5 * np.sqrt(2 / count)
    assert abs(np.corrcoef(noisy[0].ravel(), noisy[1].ravel())[0, 1]) < 5 / np.sqrt(count)
    channels = np.corrcoef(noisy[0].reshape(-1, 3).T)
    assert abs(channels - np.eye(3)).max() < 5 / np.sqrt(count / 3)


def test_salt_and_pepper_are_as_many_as_said_and_whole_pixels(run_operation, chances):
    images = np.full((1, 90, 110, 3), 100, "uint8")
    noisy = run_operation("salt_and_pepper", images, 0.2, chances(1))[0].reshape(-1, 3)
    assert (noisy == noisy[:, :1]).all()
    assert set(noisy.ravel()) == {0, 100, 255}
    bound = 5 * np.sqrt(0.1 * 0.9 / len(noisy))
    assert abs((noisy[:, 0] == 0).mean() - 0.1) < bound
    assert abs((noisy[:, 0] == 255).mean() - 0.1) < bound
