"""The embedded table of iris flowers: Fisher's numbers, and where they are from."""

import numpy as np

from kerasbook import data


def test_counts_and_means_are_those_of_the_source():
    features, labels, names = data.read_iris()
    assert features.shape == (150, 4)
    assert (features.dtype, labels.dtype) == ("float32", "int64")
    assert names == ["setosa", "versicolor", "virginica"]
    assert np.bincount(labels).tolist() == [50, 50, 50]
    # The means of Fisher's table II.
    means = [[5.006, 3.428, 1.462, 0.246], [5.936, 2.770, 4.260, 1.326]]
    for label, expected in enumerate(means):
        np.testing.assert_allclose(features[labels == label].mean(0), expected, atol=1e-5)


def test_two_flowers_are_as_printed_and_not_as_in_the_repository():
    features, _, _ = data.read_iris()
    np.testing.assert_allclose(features[34], [4.9, 3.1, 1.5, 0.2], rtol=1e-6)
    np.testing.assert_allclose(features[37], [4.9, 3.6, 1.4, 0.1], rtol=1e-6)


def test_the_source_is_said():
    text = (data.IRIS.parent / "LICENSE").read_text()
    assert "Fisher" in text
    assert "CC BY 4.0" in text
