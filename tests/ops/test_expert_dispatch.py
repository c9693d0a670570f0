"""The slots of experts against loops: capacity, the order of dropping, sums, convolutions."""

import math
from fractions import Fraction

import keras
import numpy as np
import pytest

from kerasbook import ops
from kerasbook.ops.expert_dispatch import (
    conv_per_expert,
    expert_capacity,
    expert_slots,
    from_slots,
    sums_of_slots,
    to_slots,
)

numpy = keras.ops.convert_to_numpy


@pytest.mark.parametrize("rows", [0, 1, 7, 100, 8192])
@pytest.mark.parametrize("factor", [1e-9, 0.3, 1, 1.1, 1.25, 2.0])
def test_capacity_is_rounded_up_and_at_most_the_rows(rows, factor):
    # 1.1 * 100 / 10 is above 11 in floating-point numbers.
    for experts, each in ((10, 1), (64, 2), (3, 3)):
        share = Fraction(str(factor)) * rows * each / experts
        assert expert_capacity(rows, experts, each, factor) == min(math.ceil(share), rows)


@pytest.mark.tensorflow
@pytest.mark.parametrize("factor", [1.333333, 2.0])
def test_capacity_of_rows_that_only_the_graph_knows(factor):
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((), "int32")])
    def capacity(rows):
        return expert_capacity(rows, 64, 2, factor)

    for rows in (0, 1, 64, 100, 8191, 2_000_000_000):
        assert int(capacity(rows)) == expert_capacity(rows, 64, 2, factor)


def slots_of(choices, num_experts, capacity):
    """Returns a dictionary from (row, number of the choice) to (expert, place)."""
    sizes, found = [0] * num_experts, {}
    for number in range(choices.shape[1]):
        for row, expert in enumerate(choices[:, number]):
            if sizes[expert] < capacity:
                found[row, number] = (expert, sizes[expert])
                sizes[expert] += 1
    return found


@pytest.mark.parametrize("capacity", [1, 3, 9])
@pytest.mark.parametrize("each", [1, 3])
def test_slots_are_those_of_a_loop(rng, capacity, each):
    choices = np.stack([rng.permutation(5)[:each] for _ in range(9)])
    slots, found, rows = map(numpy, expert_slots(choices, 5, capacity))
    expected = slots_of(choices, 5, capacity)
    assert {tuple(place) for place in np.argwhere(found)} == set(expected)
    for (row, number), (expert, place) in expected.items():
        assert slots[row, number] == expert * capacity + place
        assert rows[expert, place] == row
    assert rows.shape == (5, capacity)
    assert 0 <= rows.min() <= rows.max() < 9  # of empty slots too


def test_rows_go_there_and_back(rng):
    x, weights = rng.normal(size=(9, 4)), rng.uniform(size=(9, 2))
    choices = np.stack([rng.permutation(5)[:2] for _ in range(9)])
    slots, found, rows = expert_slots(choices, 5, 3)
    expected = slots_of(choices, 5, 3)
    sent = numpy(to_slots(keras.ops.convert_to_tensor(x), rows))
    for (row, _), place in expected.items():
        np.testing.assert_array_equal(sent[place], x[row].astype(sent.dtype))
    results = rng.normal(size=(5, 3, 6)).astype("float32")
    weights = (weights * numpy(found)).astype("float32")
    sums = np.zeros((9, 6))
    for (row, number), place in expected.items():
        sums[row] += weights[row, number] * results[place]
    np.testing.assert_allclose(numpy(from_slots(results, slots, weights)), sums, atol=1e-6)


def test_sums_of_any_number_of_slots(rng):
    results, weights = (rng.normal(size=s).astype("float32") for s in ((3, 4, 2), (3, 4)))
    rows = np.stack([rng.permutation(6)[:4] for _ in range(3)]).astype("int32")
    sums = np.zeros((7, 2))
    for expert, place in np.ndindex(3, 4):
        sums[rows[expert, place]] += weights[expert, place] * results[expert, place]
    np.testing.assert_allclose(numpy(sums_of_slots(results, rows, weights, 7)), sums, atol=1e-6)


@pytest.mark.parametrize("space", [(6,), (4, 5), (3, 4, 2)])
def test_each_expert_convolves_its_own_slots(rng, space):
    slots = rng.normal(size=(3, 2, *space, 4)).astype("float32")
    kernel = rng.normal(size=(3, *(3, 2, 1)[: len(space)], 4, 5)).astype("float32")
    expected = [
        numpy(ops.conv(x, own, padding="same", data_format="channels_last"))
        for x, own in zip(slots, kernel, strict=True)
    ]
    result = numpy(conv_per_expert(keras.ops.convert_to_tensor(slots), kernel))
    np.testing.assert_allclose(result, expected, atol=1e-4)
