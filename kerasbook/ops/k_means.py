"""k-means clustering in NumPy: seeds far apart, then Lloyd's iterations."""

import numpy as np

_BLOCK = 2**24  # numbers of a block of distances, 128 MiB


def k_means(data, num_clusters, *, num_iterations=100, tolerance=1e-6, seed=None):
    """Returns the centers of clusters of points, and how the sum of squared distances fell.

    The first center is a point drawn at random, each further one a point drawn in proportion to
    its squared distance to the nearest center so far (k-means++). Then every point goes to its
    nearest center and every center to the mean of its points, in turns. A center that is left
    without points takes the point farthest from its own. The sum never rises.

    Args:
        data: Array `(points, features)`, finite.
        num_clusters: How many, at most as many as points.
        num_iterations: Greatest number of turns.
        tolerance: The turns end when the sum falls by less than this share of itself.
        seed: Integer seed; `None` draws a fresh one.

    Returns:
        Float64 array `(num_clusters, features)`, and the list of sums: of the first centers, and
        after each turn. As many clusters as points are the points, in their order.

    Reference:
        Arthur and Vassilvitskii, 2007, https://dl.acm.org/doi/10.5555/1283383.1283494; Lloyd,
        1982, https://doi.org/10.1109/TIT.1982.1056489
    """
    data = np.asarray(data, "float64")
    if num_clusters == len(data):
        return data.copy(), [0.0]
    middle = data.mean(0)
    points = data - middle  # far from the origin there are fewer digits
    centers = first_centers(points, num_clusters, np.random.default_rng(seed))
    nearest, distances = nearest_centers(points, centers)
    sums = [float(distances.sum())]
    for _ in range(num_iterations):
        moved = _means(points, centers, nearest, distances)
        nearest, distances = nearest_centers(points, moved)
        # At the end a sum may rise by its rounding.
        if distances.sum() > sums[-1]:
            break
        centers = moved
        sums.append(float(distances.sum()))
        if sums[-2] - sums[-1] <= tolerance * sums[-2]:
            break
    return centers + middle, sums


def first_centers(points, num_clusters, generator):
    """Returns points drawn one after the other, in proportion to their squared distances."""
    chosen = [int(generator.integers(len(points)))]
    distances = np.square(points - points[chosen[0]]).sum(1)
    for _ in range(1, num_clusters):
        total = distances.sum()
        # Where all points are taken, any is as good as another.
        shares = distances / total if total > 0 else None
        chosen.append(int(generator.choice(len(points), p=shares)))
        distances = np.minimum(distances, np.square(points - points[chosen[-1]]).sum(1))
    return points[chosen]


def nearest_centers(points, centers):
    """Returns for each point the number of its nearest center, and its squared distance to it."""
    rows = max(1, _BLOCK // len(centers))
    lengths = np.square(centers).sum(1)
    nearest = [
        np.argmin(lengths - 2 * points[start : start + rows] @ centers.T, axis=1)
        for start in range(0, len(points), rows)
    ]
    nearest = np.concatenate(nearest)
    return nearest, np.square(points - centers[nearest]).sum(1)


def _means(points, centers, nearest, distances):
    """Returns the means of the clusters; those without points take the farthest ones."""
    counts = np.bincount(nearest, minlength=len(centers))
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        farthest = np.argsort(distances)[::-1][: len(empty)]
        nearest = nearest.copy()
        nearest[farthest] = empty
        counts = np.bincount(nearest, minlength=len(centers))
    sums = np.zeros_like(centers)
    np.add.at(sums, nearest, points)
    kept = counts == 0  # a second one, whose last point was taken
    return np.where(kept[:, None], centers, sums / np.maximum(counts, 1)[:, None])
