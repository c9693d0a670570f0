"""Smote: new samples of the rarer classes, between samples of their own."""

import dataclasses

import numpy as np

from kerasbook.layers.arguments import integer_seed, positive_integer

_MOST_DISTANCES = 2**24  # at once, so that they take 128 MiB


@dataclasses.dataclass(frozen=True)
class Smote:
    """Adds synthetic samples until every class has as many as the most frequent one.

    `x = x_i + gap * (x_j - x_i)`, where `x_j` is one of the nearest neighbours of `x_i` within
    its class and `gap` is uniform in [0, 1). Every sample of a class is `x_i` equally often; what
    is left over goes to samples at random.

    Attributes:
        num_neighbors: How many nearest neighbours `x_j` is chosen from.
        seed: Integer seed; the result depends on nothing else but the data. `None` takes a
            fresh one.

    Raises:
        ValueError: If `num_neighbors` is not a positive integer, or `seed` neither an integer
            nor `None`.

    Example:
        >>> x = np.array([[0.0, 0], [1, 1], [2, 0], [5, 5], [6, 6]])
        >>> y = np.array(["a", "a", "a", "b", "b"])
        >>> x, y = kerasbook.augmentation.Smote(num_neighbors=1, seed=0).fit_resample(x, y)
        >>> x.shape, y.tolist()
        ((6, 2), ['a', 'a', 'a', 'b', 'b', 'b'])

    Reference:
        Chawla et al., 2002, section 4.2, https://arxiv.org/abs/1106.1813. Its pseudocode draws
        a gap for each feature; here, as in its text, a new sample lies on the line segment.
    """

    num_neighbors: int = 5
    seed: int | None = None

    def __post_init__(self):
        positive_integer("num_neighbors", self.num_neighbors)
        integer_seed(self.seed)

    def fit_resample(self, x, y):
        """Returns the samples with the synthetic ones after them, and their labels.

        Args:
            x: Features, floats `(batch, features)`, all finite.
            y: Labels of any dtype, `(batch,)`.

        Returns:
            `x` and `y`, longer NumPy arrays of the same dtypes.

        Raises:
            ValueError: If `x` or `y` is of another shape or dtype, or a class that is to grow
                has not more than `num_neighbors` samples.
        """
        x, y = np.asarray(x), np.asarray(y)
        if x.ndim != 2 or x.dtype.kind != "f" or not np.isfinite(x).all():
            raise ValueError(
                "`x` must be finite floats (batch, features). "
                f"Received: x of shape {x.shape} and dtype {x.dtype}"
            )
        if y.shape != x.shape[:1]:
            raise ValueError(
                "`y` must be the labels of `x`, (batch,). "
                f"Received: y of shape {y.shape}, x of shape {x.shape}"
            )
        generator = np.random.default_rng(self.seed)
        kinds, counts = np.unique(y, return_counts=True)
        samples, labels = [x], [y]
        for kind, count in zip(kinds, counts, strict=True):
            missing = counts.max() - count
            if missing == 0:
                continue
            if count <= self.num_neighbors:
                raise ValueError(
                    "A class that grows must have more than `num_neighbors` samples. Received: "
                    f"num_neighbors={self.num_neighbors}, class {kind!r} of {count} samples"
                )
            samples.append(self._synthetic(x[y == kind], missing, generator))
            labels.append(np.full(missing, kind, y.dtype))
        return np.concatenate(samples), np.concatenate(labels)

    def _synthetic(self, x, count, generator):
        """Returns `count` new samples of the class whose samples are `x`."""
        own = np.arange(count) % len(x)
        own[count - count % len(x) :] = generator.permutation(len(x))[: count % len(x)]
        choice = generator.integers(self.num_neighbors, size=count)
        other = nearest_neighbors(x, self.num_neighbors)[own, choice]
        gap = generator.random((count, 1))
        return (x[own] + gap * (x[other] - x[own])).astype(x.dtype)


def nearest_neighbors(x, num_neighbors):
    """Returns the places of the nearest neighbours of each sample, by Euclidean distance.

    Args:
        x: Floats `(batch, features)`.
        num_neighbors: How many, fewer than there are samples.

    Returns:
        Integers `(batch, num_neighbors)`, in no particular order; never the sample itself.
    """
    x = x.astype("float64")
    x = x - x.mean(axis=0)  # else what the squares have in common would cost digits
    squares = (x**2).sum(axis=1)
    neighbors = np.empty((len(x), num_neighbors), "int64")
    step = max(1, _MOST_DISTANCES // len(x))
    for first in range(0, len(x), step):
        rows = np.arange(first, min(first + step, len(x)))
        distances = squares - 2 * x[rows] @ x.T  # but for what is the same along a row
        distances[rows - first, rows] = np.inf
        nearest = np.argpartition(distances, num_neighbors - 1, axis=1)
        neighbors[rows] = nearest[:, :num_neighbors]
    return neighbors
