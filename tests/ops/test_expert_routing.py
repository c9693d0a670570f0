"""The routers' choices and losses against NumPy, and at the ends of their ranges."""

import keras
import numpy as np
import pytest

from kerasbook.ops import route_expert_choice, route_noisy_top_k, route_switch
from kerasbook.ops.expert_routing import noisy_imbalance, router_z, switch_imbalance

numpy = keras.ops.convert_to_numpy


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_switch_imbalance_is_one_for_equal_shares_and_the_number_of_experts_at_worst():
    equal, worst = np.full((6, 3), 1 / 3, "float32"), np.eye(3, dtype="float32")[[1] * 6]
    assert float(switch_imbalance(equal, np.full(3, 1 / 3, "float32"))) == pytest.approx(1)
    assert float(switch_imbalance(worst, worst[0])) == pytest.approx(3)


def test_noisy_imbalance_is_zero_for_equal_shares(rng):
    # Each expert is chosen by two rows that look like those of the others.
    logits = 3 * np.eye(3, dtype="float32").repeat(2, 0)
    args = (np.arange(3).repeat(2)[:, None], logits, logits, np.ones_like(logits))
    assert abs(float(noisy_imbalance(np.ones((6, 1), "float32"), *args))) < 1e-6
    uneven = (np.zeros((6, 1), int), *args[1:])
    assert float(noisy_imbalance(np.ones((6, 1), "float32"), *uneven)) == pytest.approx(2)


def test_all_experts_chosen_have_equal_loads(rng):
    logits = rng.normal(size=(5, 3)).astype("float32")
    routing = route_noisy_top_k(logits, np.ones_like(logits), None, 3, 5)
    importance = softmax(logits).sum(0)
    expected = importance.var() / importance.mean() ** 2
    assert float(routing.imbalance) == pytest.approx(expected, rel=1e-5)


def test_a_router_without_noise_left_has_finite_gradients():
    # A deviation of zero, and logits on both sides of the threshold.
    logits = keras.ops.convert_to_tensor(np.array([[1.0, 0.5, 3e4], [2, 1, 2.5]], "float32"))

    def loss(deviation):
        return route_noisy_top_k(logits, deviation, None, 1, 2).imbalance

    zeros = keras.ops.zeros((2, 3))
    assert np.isfinite(float(loss(zeros)))
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(zeros)
            value = loss(zeros)
        gradient = numpy(tape.gradient(value, zeros))
    else:
        import jax

        gradient = numpy(jax.grad(loss)(zeros))
    assert np.all(np.isfinite(gradient))


def test_z_is_the_mean_square_of_the_logsumexp(rng):
    logits = (10 * rng.normal(size=(7, 4))).astype("float32")
    expected = np.mean(np.log(np.exp(logits.astype("float64")).sum(-1)) ** 2)
    assert float(router_z(logits)) == pytest.approx(expected, rel=1e-5)


def test_what_overflows_and_what_is_dropped(rng):
    logits = np.tile(np.array([3.0, 2, 1, 0], "float32"), (6, 1))  # all choose experts 0 and 1
    routing = route_switch(logits, 2, 4)
    np.testing.assert_allclose(numpy(routing.load), [0.5, 0.5, 0, 0])
    assert float(routing.overflow) == pytest.approx(1 / 3)
    assert float(routing.dropped) == pytest.approx(1 / 3)
    np.testing.assert_allclose(
        numpy(routing.weights), softmax(logits)[:, :2] * (np.arange(6) < 4)[:, None], rtol=1e-5
    )
    # The second choice of the last two finds room at experts of their own.
    logits[4:, 1], logits[4:, 2] = 1, 2
    routing = route_switch(logits, 2, 4)
    assert float(routing.overflow) == pytest.approx(1 / 6)
    assert float(routing.dropped) == 0


def test_experts_that_choose_are_equally_busy(rng):
    logits = rng.normal(size=(9, 3)).astype("float32")
    logits[4] = [-9, -9, 12]  # expert 2 takes it
    logits[5] = np.log(1e-3)  # equal probabilities, below the greatest
    routing = route_expert_choice(logits, 2)
    probabilities = softmax(logits)
    rows = np.argsort(-probabilities.T, axis=-1)[:, :2]
    np.testing.assert_array_equal(numpy(routing.rows), rows)
    np.testing.assert_allclose(
        numpy(routing.weights), np.take_along_axis(probabilities.T, rows, -1), rtol=1e-5
    )
    assert float(routing.dropped) == pytest.approx(1 - len(set(rows.ravel())) / 9)
    assert float(routing.imbalance) == float(routing.overflow) == 0
