"""Dealing: every example once, in parts of nearly one size, whatever their number."""

import numpy as np
import pytest
import tensorflow as tf

from kerasbook.testing import replicas
from kerasbook.training.input.dealing import distribute, order_of


def deal(count, batch_size, strategy, **options):
    """Returns the parts of each step: lists of (numbers, weights, total)."""

    def make_batches():
        numbers = tf.data.Dataset.range(count)
        return numbers.map(lambda n: ({"a": n, "b": (2 * n, n)},)).batch(batch_size)

    def finish(batch, weights, total):
        tf.debugging.assert_equal(batch["b"][0], 2 * batch["a"])
        return batch["a"], weights, total

    steps = []
    for step in distribute(strategy, make_batches, finish, **options):
        parts = zip(*(strategy.experimental_local_results(v) for v in step), strict=True)
        steps.append([tuple(value.numpy() for value in part) for part in parts])
    return steps


@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"micro_batches": 2}, {"full": 8}], ids=str)
def test_each_example_counts_once(parts, options):
    strategy = tf.distribute.get_strategy() if parts == 1 else replicas(parts)
    steps = deal(17, 8, strategy, **options)
    assert len(steps) == 3
    for number, step in enumerate(steps):
        real = np.concatenate([numbers[weights > 0] for numbers, weights, _ in step])
        expected = np.arange(8 * number, min(8 * number + 8, 17))
        np.testing.assert_array_equal(real, expected)
        assert all(total == len(expected) for _, _, total in step)
        sizes = [int(weights.sum()) for _, weights, _ in step]
        assert max(sizes) - min(sizes) <= 1
        for _, weights, _ in step:
            assert len(weights) % options.get("micro_batches", 1) == 0
            if options == {}:
                assert len(weights) == max(1, weights.sum())  # a filler only where nothing is
    if "full" in options:
        assert {len(weights) for step in steps for _, weights, _ in step} == {-(-8 // parts)}


def test_the_order_is_a_function_of_seed_and_epoch():
    orders = [
        order_of(50, seed, epoch).tolist() for seed, epoch in ((1, 0), (1, 0), (1, 1), (2, 0))
    ]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert orders[0] != orders[3]
    assert all(sorted(order) == list(range(50)) for order in orders)
