"""k-means: sums that never rise, means by brute force, seeds far apart, and odd data."""

import numpy as np
import pytest

from kerasbook.ops import k_means as function
from kerasbook.ops.k_means import _means, first_centers, k_means, nearest_centers


def blobs(rng, offset=0.0):
    middles = np.array([[0, 0], [10, 0], [0, 10], [10, 10]]) + offset
    return (middles[:, None] + rng.normal(size=(4, 30, 2))).reshape(-1, 2)


def brute(data, centers):
    distances = np.array([[((x - c) ** 2).sum() for c in centers] for x in data])
    return distances.argmin(1), distances.min(1)


def test_the_room_exports_it():
    assert function is k_means


def test_the_sum_never_rises_and_is_that_of_the_definition(rng):
    data = rng.normal(size=(200, 3))
    for seed in range(10):
        centers, sums = k_means(data, 9, tolerance=0, seed=seed)
        assert len(sums) > 5
        assert np.all(np.diff(sums) <= 0)
        nearest, distances = brute(data, centers)
        np.testing.assert_allclose(sums[-1], distances.sum(), rtol=1e-9)
        # At the end every center is the mean of its points.
        means = [data[nearest == k].mean(0) for k in range(9)]
        np.testing.assert_allclose(centers, means, atol=1e-9)


def test_a_step_is_a_step_of_lloyd(rng):
    data, centers = rng.normal(size=(50, 2)), rng.normal(size=(4, 2))
    nearest, distances = nearest_centers(data, centers)
    expected, exact = brute(data, centers)
    np.testing.assert_array_equal(nearest, expected)
    np.testing.assert_allclose(distances, exact)
    moved = _means(data, centers, nearest, distances)
    np.testing.assert_allclose(moved, [data[nearest == k].mean(0) for k in range(4)])


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_finds_blobs(rng, offset):
    centers, _ = k_means(blobs(rng, offset), 4, seed=1)
    found = {tuple(c) for c in np.round((centers - offset) / 10).astype(int)}
    assert found == {(0, 0), (1, 0), (0, 1), (1, 1)}


def test_first_centers_are_drawn_by_squared_distance():
    points = np.array([[0.0], [1.0], [3.0]])
    counts = np.zeros((3, 3))
    generator = np.random.default_rng(0)
    for _ in range(6000):
        first, second = (
            int(np.argmin(abs(points - c))) for c in first_centers(points, 2, generator)
        )
        counts[first, second] += 1
    np.testing.assert_allclose(counts.sum(1) / 6000, 1 / 3, atol=0.03)
    shares = counts / counts.sum(1, keepdims=True)
    np.testing.assert_allclose(
        shares, [[0, 0.1, 0.9], [0.2, 0, 0.8], [9 / 13, 4 / 13, 0]], atol=0.04
    )


def test_a_center_without_points_takes_the_farthest(rng):
    data = np.array([[0.0], [0.1], [0.2], [5.0]])
    centers = np.array([[0.1], [100.0]])
    nearest, distances = nearest_centers(data, centers)
    moved = _means(data, centers, nearest, distances)
    np.testing.assert_allclose(moved, [[0.1], [5.0]])


def test_as_many_clusters_as_points_are_the_points(rng):
    data = rng.normal(size=(7, 2))
    centers, sums = k_means(data, 7)
    np.testing.assert_array_equal(centers, data)
    assert sums == [0.0]


def test_equal_points_are_no_trouble():
    centers, sums = k_means(np.ones((9, 2)), 4, seed=0)
    np.testing.assert_array_equal(centers, np.ones((4, 2)))
    assert sums[-1] == 0


def test_one_seed_one_result(rng):
    data = rng.normal(size=(60, 2))
    first, second, other = (k_means(data, 5, seed=seed)[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, second)
    assert np.any(first != other)


def test_blocks_of_points_are_all_points(rng, monkeypatch):
    data, centers = rng.normal(size=(50, 2)), rng.normal(size=(4, 2))
    whole = nearest_centers(data, centers)[0]
    monkeypatch.setitem(nearest_centers.__globals__, "_BLOCK", 28)  # seven points at a time
    np.testing.assert_array_equal(nearest_centers(data, centers)[0], whole)


def test_a_center_whose_last_point_was_taken_stays(rng):
    data, centers = np.array([[0.0], [0.0], [0.0], [1.0]]), np.array([[0.0], [1.0], [7.0]])
    nearest, distances = nearest_centers(data, centers)
    np.testing.assert_array_equal(_means(data, centers, nearest, distances), [[0], [1], [1]])


def test_a_rise_by_rounding_is_not_taken(rng, monkeypatch):
    data = rng.normal(size=(30, 2))
    monkeypatch.setitem(k_means.__globals__, "_means", lambda points, centers, *_: centers + 9)
    centers, sums = k_means(data, 3, seed=0)
    assert len(sums) == 1
    np.testing.assert_allclose(brute(data, centers)[1].sum(), sums[0])
