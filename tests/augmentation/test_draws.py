"""Stateless draws: uniform, independent, and a function of seed, epoch and example alone."""

import numpy as np
import pytest
import tensorflow as tf

from kerasbook.augmentation.draws import uniform

pytestmark = pytest.mark.tensorflow


def test_uniform_by_chi_square():
    draws = uniform(0, 0, tf.range(100_000), 3).numpy()
    assert draws.dtype == "float32"
    assert draws.min() >= 0
    assert draws.max() < 1
    for column in draws.T:
        counts = np.histogram(column, 100, (0, 1))[0]
        chi_square = ((counts - 1000) ** 2 / 1000).sum()
        assert 99 - 5 * 14.1 < chi_square < 99 + 5 * 14.1  # mean 99, deviation sqrt(2 * 99)


def test_neighbours_in_every_argument_are_uncorrelated():
    index = tf.range(20_000)
    base = uniform(1, 2, index, 2).numpy()
    others = {
        "seed": uniform(2, 2, index, 2).numpy()[:, 0],
        "epoch": uniform(1, 3, index, 2).numpy()[:, 0],
        "index": uniform(1, 2, index + 1, 2).numpy()[:, 0],
        "count": base[:, 1],
        "swapped": uniform(2, 1, index, 2).numpy()[:, 0],
    }
    for name, other in others.items():
        assert abs(np.corrcoef(base[:, 0], other)[0, 1]) < 5 / np.sqrt(20_000), name


def test_neither_batch_nor_count_changes_a_draw():
    whole = uniform(3, 4, tf.range(10), 5).numpy()
    np.testing.assert_array_equal(uniform(3, 4, tf.constant([7]), 5).numpy()[0], whole[7])
    np.testing.assert_array_equal(uniform(3, 4, tf.range(9, -1, -1), 2).numpy()[::-1], whole[:, :2])
    graph = tf.function(lambda i: uniform(3, 4, i, 5))(tf.range(10, dtype=tf.int64))
    np.testing.assert_array_equal(graph, whole)


def test_large_and_negative_seeds_are_taken():
    assert not np.array_equal(uniform(2**40 + 1, 0, tf.range(3), 1), uniform(-1, 0, tf.range(3), 1))
