"""Cases: random weights and inputs that are the same every time."""

import numpy as np
import pytest

from kerasbook.layers import BatchNormalization, Conv2D, DropPath
from kerasbook.testing import case as cases

CASE = cases.Case("conv", lambda **k: Conv2D(4, 3, **k), (2, 5, 6, 3))


def test_weights_are_random_and_repeatable():
    first, second = CASE.layer().get_weights(), CASE.layer().get_weights()
    assert all(np.ptp(w) > 0 for w in first)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert CASE.inputs().shape == CASE.input_shape
    assert CASE.inputs("float64").dtype == "float64"


def test_kinds_of_layers_are_told_apart():
    assert cases.is_random(DropPath(0.1))
    assert not cases.is_random(Conv2D(1, 1))
    assert cases.has_training_mode(BatchNormalization())
    assert not cases.has_training_mode(Conv2D(1, 1))


def test_assert_close_is_relative_to_the_largest():
    cases.assert_close(np.array([1e3, 1e-3]), np.array([1e3, 2e-3]))
    with pytest.raises(AssertionError):
        cases.assert_close(np.array([1.0, 1e-3]), np.array([1.0, 2e-3]))


@pytest.mark.tensorflow
def test_two_replicas_sum_what_each_holds():
    import tensorflow as tf

    strategy = cases.two_replicas()

    def number():
        return tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group + 1, tf.float32)

    sums = strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(number), axis=None)
    assert float(sums) == 3


def test_inputs_may_be_several_and_integers_stay_integers():
    case = cases.Case("two", Conv2D, [(2, 3), (4, 5, 6)])
    assert cases.shapes_of(case.inputs()) == [(2, 3), (4, 5, 6)]
    mixed = cases.Case(
        "mixed", Conv2D, None, make_inputs=lambda g: [g.normal(size=3), g.integers(0, 5, 2)]
    )
    floats, integers = mixed.inputs("float16")
    assert floats.dtype == "float16"
    assert integers.dtype == "int64"
    np.testing.assert_array_equal(integers, mixed.inputs()[1])


def test_assert_close_looks_at_every_array():
    one = [np.zeros(2), np.ones(2)]
    cases.assert_close(one, one)
    with pytest.raises(AssertionError):
        cases.assert_close(one, [np.zeros(2), np.zeros(2)])
    with pytest.raises(ValueError, match="shorter"):
        cases.assert_close(one, one[:1])
