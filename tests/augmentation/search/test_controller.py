"""The network of a reinforced search against its definition in NumPy."""

import keras
import numpy as np
import pytest
from helpers import controller_definition as definition
from keras import ops

from kerasbook.augmentation.search.controller import Controller, controller_of

SIZES = 4, 3, 2
LENGTH = 6


@pytest.fixture(scope="module")
def controller():
    return Controller(SIZES, LENGTH, units=3)


@pytest.fixture(scope="module")
def weights(controller):
    """Greater ones than a search begins with, so that the distributions are far from even."""
    rng = np.random.default_rng(5)
    shapes = [w.shape for w in controller.initial_weights(0)]
    return [rng.normal(size=s).astype("float32") for s in shapes]


def some_tokens(rng, batch):
    return rng.integers(0, np.resize(SIZES, LENGTH), size=(batch, LENGTH)).astype("int32")


def log_prob_of_all(controller, weights, tokens):
    return ops.sum(controller.log_probabilities(weights, tokens)[0])


def test_log_probabilities_and_entropies(controller, weights, rng):
    tokens = some_tokens(rng, 5)
    results = controller.log_probabilities([ops.convert_to_tensor(w) for w in weights], tokens)
    expected = definition.log_probabilities(weights, SIZES, tokens)
    for result, values in zip(results, expected, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(result), values, rtol=1e-4, atol=1e-5)
    assert np.ptp(expected[0]) > 1


def test_a_sample_is_the_inverse_of_the_cumulative_distribution(controller, weights, rng):
    uniforms = rng.random((20, LENGTH), dtype="float32")
    tokens, log_probs = controller.sample(weights, uniforms)
    expected, _ = definition.log_probabilities(weights, SIZES, tokens)
    np.testing.assert_allclose(log_probs, expected, rtol=1e-4, atol=1e-5)
    tables = definition.distributions(weights, SIZES, tokens)
    for table, column, numbers in zip(tables, tokens.T, uniforms.T, strict=True):
        edges = np.pad(np.cumsum(table, axis=1), ((0, 0), (1, 0)))
        places = np.arange(len(tokens))
        assert (edges[places, column] - 1e-6 <= numbers).all()
        assert (numbers <= edges[places, column + 1] + 1e-6).all()


def test_the_ends_of_the_unit_interval_give_the_first_and_the_last(controller, weights):
    ends = np.full((2, LENGTH), [[0.0], [np.nextafter(np.float32(1), np.float32(0))]], "float32")
    tokens, log_probs = controller.sample(weights, ends)
    np.testing.assert_array_equal(tokens[0], 0)
    np.testing.assert_array_equal(tokens[1], np.resize(SIZES, LENGTH) - 1)
    assert np.isfinite(log_probs).all()


def test_rounding_does_not_leave_the_kind(controller, weights):
    beyond, _ = controller.sample(weights, np.full((2, LENGTH), 1.5))
    np.testing.assert_array_equal(beyond, [np.resize(SIZES, LENGTH) - 1] * 2)


def test_frequencies_are_the_probabilities(controller, weights):
    draws = 20_000
    uniforms = np.random.default_rng(1).random((draws, LENGTH), dtype="float32")
    tokens, _ = controller.sample(weights, uniforms)
    # The first four tokens: 4 x 3 x 2 x 4 cells.
    cells = list(np.ndindex(*SIZES, SIZES[0]))
    expected = draws * np.exp(definition.log_probabilities(weights, SIZES, cells)[0].sum(1))
    observed = np.array([(tokens[:, :4] == cell).all(1).sum() for cell in cells])
    rare = expected < 5
    expected = np.append(expected[~rare], expected[rare].sum())
    observed = np.append(observed[~rare], observed[rare].sum())
    assert expected.sum() == pytest.approx(draws)
    statistic = ((observed - expected) ** 2 / np.maximum(expected, 1)).sum()
    freedom = len(expected) - 1
    assert freedom > 20
    assert statistic < freedom + 4 * np.sqrt(2 * freedom)


def test_gradient_of_the_log_probability(controller, weights, rng):
    tokens = some_tokens(rng, 3)
    slopes = controller.gradients(log_prob_of_all, weights, tokens)
    expected = definition.gradients(
        lambda w: definition.log_probabilities(w, SIZES, tokens)[0].sum(), weights
    )
    for result, values in zip(slopes, expected, strict=True):
        assert np.abs(values).max() > 0.01
        np.testing.assert_allclose(result, values, rtol=1e-3, atol=1e-4)


def test_initial_weights():
    controller = controller_of((16, 11, 10), 30, 100)
    weights = controller.initial_weights(3)
    assert [w.shape for w in weights] == [
        *((38, 100), (100, 400), (100, 400), (400,), (100, 37), (37,)),
    ]
    numbers = np.concatenate([w.ravel() for w in weights])
    assert numbers.dtype == "float32"
    assert np.abs(numbers).max() <= 0.2
    assert numbers.std() == pytest.approx(0.4 / 12**0.5, rel=0.01)
    again, others = controller.initial_weights(3), controller.initial_weights(4)
    assert all(np.array_equal(a, b) for a, b in zip(weights, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(weights, others, strict=True))
    # The candidates' numbers come from other sequences.
    drawn = np.random.default_rng([3, 0]).uniform(-0.2, 0.2, 3800).astype("float32")
    assert not np.array_equal(weights[0].ravel(), drawn)


def test_float32_whatever_the_global_policy(controller, weights, rng):
    uniforms, tokens = rng.random((2, LENGTH), dtype="float32"), some_tokens(rng, 2)
    expected = controller.sample(weights, uniforms)
    slopes = controller.gradients(log_prob_of_all, weights, tokens)
    policy, floatx = keras.config.dtype_policy(), keras.config.floatx()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        keras.config.set_floatx("float16")
        other = Controller(SIZES, LENGTH, units=3)
        results = other.sample(weights, uniforms)
        other_slopes = other.gradients(log_prob_of_all, weights, tokens)
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)
    for a, b in zip((*expected, *slopes), (*results, *other_slopes), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_one_shape_is_compiled_once():
    assert controller_of(SIZES, LENGTH, 5) is controller_of(SIZES, LENGTH, 5)
    assert controller_of(SIZES, LENGTH, 5) is not controller_of(SIZES, LENGTH, 6)
