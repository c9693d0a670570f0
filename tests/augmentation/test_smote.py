"""Smote: counts, where the new samples lie, neighbours by brute force, and what it refuses."""

import numpy as np
import pytest

from kerasbook.augmentation import Smote, smote
from kerasbook.augmentation.smote import nearest_neighbors


def neighbours_one_by_one(x, count):
    """The definition: sort all distances from each sample, and leave the sample out."""
    found = []
    for i in range(len(x)):
        distances = [np.linalg.norm(x[i] - x[j]) if i != j else np.inf for j in range(len(x))]
        found.append(np.argsort(distances)[:count])
    return np.array(found)


def unbalanced(rng):
    """Three classes of 40, 7 and 16 samples, mixed, far from the origin."""
    y = rng.permutation(np.repeat([3, 1, 2], [40, 7, 16]))
    return rng.normal(100, 1, (63, 3)) + y[:, None], y


@pytest.mark.parametrize("most", [2**24, 50])
def test_neighbors_are_those_of_all_distances(most, rng, monkeypatch):
    monkeypatch.setattr(smote, "_MOST_DISTANCES", most)  # 50: two rows of 23 at once
    x = rng.normal(1e4, 1, (23, 4))
    found = np.sort(nearest_neighbors(x, 5), axis=1)
    np.testing.assert_array_equal(found, np.sort(neighbours_one_by_one(x, 5), axis=1))
    twice = np.repeat(x, 2, axis=0)  # the nearest is the copy, never the sample itself
    np.testing.assert_array_equal(nearest_neighbors(twice, 1)[:, 0], np.arange(46) ^ 1)


def test_classes_are_balanced_and_the_data_stays_in_front(rng):
    x, y = unbalanced(rng)
    more_x, more_y = Smote(seed=1).fit_resample(x, y)
    np.testing.assert_array_equal(np.unique(more_y, return_counts=True), [[1, 2, 3], [40] * 3])
    np.testing.assert_array_equal(more_x[:63], x)
    np.testing.assert_array_equal(more_y[:63], y)
    assert (more_x.dtype, more_y.dtype) == (x.dtype, y.dtype)


def test_new_samples_lie_between_a_sample_and_a_neighbour_of_its_class(rng):
    x, y = unbalanced(rng)
    more_x, more_y = Smote(num_neighbors=3, seed=2).fit_resample(x, y)
    for kind in (1, 2):
        own = x[y == kind]
        new = more_x[63:][more_y[63:] == kind]
        segments = [(i, j) for i, row in enumerate(neighbours_one_by_one(own, 3)) for j in row]
        possible = []
        for sample in new:
            on = set()
            for i, j in segments:
                step = own[j] - own[i]
                gap = (sample - own[i]) @ step / (step @ step)
                if 0 <= gap < 1 and np.allclose(own[i] + gap * step, sample, atol=1e-9, rtol=0):
                    on.add(i)
            assert on
            possible.append(on)
        # The new samples come round by round, each base in turn; the last round at random.
        whole = len(new) // len(own) * len(own)
        assert all(n % len(own) in on for n, on in enumerate(possible[:whole]))


def test_gaps_and_choices_are_uniform():
    x = np.array([[0.0], [1.0], [-1.0], *[[1e6]] * 3003])
    y = np.repeat([0, 1], [3, 3003])
    new = Smote(num_neighbors=2, seed=0).fit_resample(x, y)[0][3006:, 0]
    # From 0 to either side, from 1 to 0 or -1, from -1 to 0 or 1, a thousand each.
    first = new[0::3]
    assert abs((first > 0).mean() - 0.5) < 5 * 0.5 / np.sqrt(1000)
    assert abs(np.abs(first).mean() - 0.5) < 5 * np.sqrt(1 / 12 / 1000)
    assert np.abs(first).max() > 0.99


def test_a_seed_repeats_the_result_and_none_does_not(rng):
    x, y = unbalanced(rng)
    first, again = Smote(seed=5).fit_resample(x, y)[0], Smote(seed=5).fit_resample(x, y)[0]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, Smote(seed=6).fit_resample(x, y)[0])
    assert not np.array_equal(Smote().fit_resample(x, y)[0], Smote().fit_resample(x, y)[0])


def test_labels_of_words_and_balanced_data(rng):
    x = rng.normal(size=(9, 2)).astype("float32")
    y = np.array(["cat"] * 6 + ["horse"] * 3)
    more_x, more_y = Smote(num_neighbors=2, seed=0).fit_resample(x, y)
    assert more_y.tolist() == [*y.tolist(), "horse", "horse", "horse"]
    assert more_x.dtype == "float32"
    again_x, again_y = Smote(seed=0).fit_resample(more_x, more_y)
    np.testing.assert_array_equal(again_x, more_x)
    np.testing.assert_array_equal(again_y, more_y)


def test_bad_arguments(rng):
    x, y = unbalanced(rng)
    with pytest.raises(ValueError, match="`num_neighbors` must be a positive integer.*=0"):
        Smote(num_neighbors=0)
    with pytest.raises(ValueError, match="`seed` must be an integer.*='a'"):
        Smote(seed="a")
    with pytest.raises(ValueError, match="num_neighbors=7, class .*1.* of 7 samples"):
        Smote(num_neighbors=7).fit_resample(x, y)
    with pytest.raises(ValueError, match=r"`x` must be finite floats.*\(63, 3, 1\)"):
        Smote().fit_resample(x[..., None], y)
    with pytest.raises(ValueError, match="`x` must be finite floats.*int64"):
        Smote().fit_resample(x.astype("int64"), y)
    x[5, 1] = np.nan
    with pytest.raises(ValueError, match="`x` must be finite floats"):
        Smote().fit_resample(x, y)
    with pytest.raises(ValueError, match=r"`y` must be the labels.*\(62,\)"):
        Smote().fit_resample(np.zeros((63, 3)), y[1:])
