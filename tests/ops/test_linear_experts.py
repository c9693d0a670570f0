"""Expectation maximization: a likelihood that never falls, plain loops, one expert, odd data."""

import dataclasses
import math

import numpy as np
import pytest

from kerasbook.ops.linear_experts import (
    LinearExperts,
    begin,
    climb,
    climb_likelihood,
    fit_linear_experts,
    log_softmax,
    maximize,
)


def inverse_problem(rng, samples=200):
    """Returns inputs and targets where one input has up to three targets."""
    y = rng.uniform(0, 1, samples)
    x = y + 0.3 * np.sin(2 * np.pi * y) + rng.uniform(-0.05, 0.05, samples)
    return x[:, None], y[:, None]


def random_model(rng, experts=3, features=3, outputs=2, isotropic=False):
    return LinearExperts(
        rng.normal(size=(features, experts)),
        rng.normal(size=(experts, features, outputs)),
        rng.uniform(0.3, 1.5, (experts, 1 if isotropic else outputs)),
    )


def normal(y, mean, scale):
    return np.exp(-0.5 * ((y - mean) / scale) ** 2) / (scale * math.sqrt(2 * math.pi))


@pytest.mark.parametrize("isotropic", [False, True])
def test_likelihood_and_responsibilities_are_the_definition(rng, isotropic):
    model = random_model(rng, isotropic=isotropic)
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    joint = np.empty((6, 3))
    for n in range(6):
        gate = np.exp(x[n] @ model.gate)
        for k in range(3):
            scales = np.broadcast_to(model.scales[k], 2)
            density = np.prod(
                [normal(y[n, o], x[n] @ model.experts[k, :, o], scales[o]) for o in range(2)]
            )
            joint[n, k] = gate[k] / gate.sum() * density
    np.testing.assert_allclose(model.log_likelihood(x, y), np.log(joint.sum(1)).mean())
    shares = joint / joint.sum(1, keepdims=True)
    np.testing.assert_allclose(model.responsibilities(x, y), shares, rtol=1e-9)


@pytest.mark.parametrize("isotropic", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_no_step_falls(isotropic, seed):
    # Without the guard of `climb_likelihood`, from models that fit nothing.
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(80, 3)), rng.normal(size=(80, 2))
    x[:, -1] = 1
    model = random_model(rng, experts=4, isotropic=isotropic)
    values = [model.log_likelihood(x, y)]
    for _ in range(40):
        model = maximize(model, x, y, model.responsibilities(x, y), 0.05)
        values.append(model.log_likelihood(x, y))
    assert np.all(np.diff(values) > -1e-12)
    assert values[-1] > values[0] + 0.1


def test_no_step_falls_at_the_floor(rng):
    # Targets without noise, which an expert could fit with any small scale.
    x = np.concatenate([rng.normal(size=(60, 1)), np.ones((60, 1))], axis=1)
    y = np.abs(x[:, :1])
    model = begin(x, y, 2, True, 0.02, seed=0)
    values = [model.log_likelihood(x, y)]
    for _ in range(40):
        model = maximize(model, x, y, model.responsibilities(x, y), 0.02)
        values.append(model.log_likelihood(x, y))
    assert np.all(np.diff(values) > -1e-12)
    assert model.scales.min() == 0.02
    assert np.all(np.isfinite(model.gate))


def test_experts_are_weighted_least_squares(rng):
    x, y, shares = rng.normal(size=(30, 3)), rng.normal(size=(30, 2)), rng.dirichlet([1] * 3, 30)
    model = random_model(rng)
    found = maximize(model, x, y, shares, 1e-3)
    for k in range(3):
        weighted = shares[:, k, None] * x
        solution = np.linalg.solve(weighted.T @ x, weighted.T @ y)
        np.testing.assert_allclose(found.experts[k], solution, rtol=1e-8)
        variance = shares[:, k] @ (y - x @ solution) ** 2 / shares[:, k].sum()
        np.testing.assert_allclose(found.scales[k], np.sqrt(variance))
    isotropic = dataclasses.replace(model, scales=np.ones((3, 1)))
    mean = np.sqrt(np.square(found.scales).mean(1, keepdims=True))
    np.testing.assert_allclose(maximize(isotropic, x, y, shares, 1e-3).scales, mean)
    floor = maximize(model, x, y, shares, 10.0)
    np.testing.assert_array_equal(floor.scales, np.full((3, 2), 10.0))


def test_the_gate_comes_to_the_top(rng):
    # Where it is flat: the responsibilities' mean is that of the gate, in every feature.
    x = np.concatenate([rng.normal(size=(50, 2)), np.ones((50, 1))], axis=1)
    shares = rng.dirichlet([0.5] * 4, 50)
    gate, values = np.zeros((3, 4)), []
    for _ in range(10):
        values.append((shares * log_softmax(x @ gate)).sum(1).mean())
        gate = climb(gate, x, shares)
    assert np.all(np.diff(values) >= 0)
    slope = x.T @ (shares - np.exp(log_softmax(x @ gate)))
    np.testing.assert_allclose(slope, 0, atol=1e-7)


def test_the_gate_of_inputs_that_a_line_divides_stays_finite(rng):
    x = np.concatenate([rng.normal(size=(50, 1)), np.ones((50, 1))], axis=1)
    shares = np.stack([x[:, 0] > 0, x[:, 0] <= 0], axis=1).astype("float64")
    gate = np.zeros((2, 2))
    for _ in range(30):
        gate = climb(gate, x, shares)
    assert np.all(np.isfinite(gate))
    assert (np.argmax(x @ gate, 1) == np.argmax(shares, 1)).all()


def test_one_expert_is_linear_regression(rng):
    x, noise = rng.normal(size=(100, 2)), rng.normal(size=(100, 1))
    y = 3 + x @ [[1.0], [-2.0]] + 0.1 * noise
    model, history = fit_linear_experts(x, y, 1)
    design = np.concatenate([x, np.ones((100, 1))], axis=1)
    solution, squares = np.linalg.lstsq(design, y, rcond=None)[:2]
    np.testing.assert_allclose(model.experts[0], solution, rtol=1e-9)
    variance = squares[0] / 100
    np.testing.assert_allclose(model.scales, [[math.sqrt(variance)]], rtol=1e-9)
    best = -0.5 * math.log(2 * math.pi * variance) - 0.5
    np.testing.assert_allclose(history[-1], best, rtol=1e-9)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("isotropic", [True, False])
def test_the_history_is_that_of_the_model(rng, use_bias, isotropic):
    x = 5 + 3 * rng.normal(size=(60, 2))
    y = np.concatenate([x[:, :1] * 100, np.abs(x[:, 1:])], axis=1) + rng.normal(size=(60, 2))
    options = {"use_bias": use_bias, "isotropic": isotropic, "seed": 0}
    model, history = fit_linear_experts(x, y, 2, **options)
    assert np.all(np.diff(history) >= 0)
    design = np.concatenate([x, np.ones((60, 1))], axis=1) if use_bias else x
    np.testing.assert_allclose(model.log_likelihood(design, y), history[-1], rtol=1e-9)
    # What goes on from there begins there.
    _, more = fit_linear_experts(x, y, 2, model=model, **options)
    np.testing.assert_allclose(more[0], history[-1], rtol=1e-9)
    assert np.all(np.diff(more) >= 0)


def test_units_do_not_matter(rng):
    x, y = inverse_problem(rng)
    model, history = fit_linear_experts(x, y, 3, seed=1, min_scale=1e-9)
    other, shifted = fit_linear_experts(1e5 + 100 * x, 1e3 * y - 7, 3, seed=1, min_scale=1e-9)
    np.testing.assert_allclose(np.array(shifted) + math.log(1e3), history, rtol=1e-5)
    np.testing.assert_allclose(other.experts[:, 0], 10 * model.experts[:, 0], rtol=1e-4)


def test_three_experts_explain_the_inverse_problem(rng):
    x, y = inverse_problem(rng, 400)
    _, one = fit_linear_experts(x, y, 1)
    _, three = fit_linear_experts(x, y, 3, seed=0)
    assert three[-1] > one[-1] + 0.5


def test_iterations_end_at_the_tolerance(rng):
    x, y = inverse_problem(rng)
    _, history = fit_linear_experts(x, y, 3, num_iterations=7, tolerance=0, seed=0)
    assert len(history) == 8
    _, coarse = fit_linear_experts(x, y, 3, tolerance=1e-2, seed=0)
    _, fine = fit_linear_experts(x, y, 3, tolerance=1e-7, num_iterations=500, seed=0)
    assert len(coarse) < len(fine) < 501
    assert coarse[-1] - coarse[-2] < 1e-2 <= np.diff(coarse[:-1]).min()


def test_a_fall_by_rounding_is_not_taken(rng, monkeypatch):
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    model = random_model(rng)
    worse = dataclasses.replace(model, scales=100 * model.scales)
    monkeypatch.setitem(climb_likelihood.__globals__, "maximize", lambda *_: worse)
    kept, history = climb_likelihood(model, x, y, min_scale=0.01, num_iterations=5, tolerance=0)
    assert len(history) == 1
    np.testing.assert_array_equal(kept.scales, model.scales)


@pytest.mark.parametrize("outputs", [1, 2])
def test_data_that_say_little_are_no_trouble(outputs):
    x, y = np.ones((10, 2)), np.ones((10, outputs))
    model, history = fit_linear_experts(x, y, 3, min_scale=0.1, seed=0)
    assert np.all(np.isfinite(history))
    np.testing.assert_allclose(model.experts[:, -1] + model.experts[:, :-1].sum(1), 1)
    np.testing.assert_allclose(model.scales, 0.1)


def test_an_expert_without_samples_stays_as_it_is(rng):
    model = random_model(rng)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    shares = np.zeros((20, 3))
    shares[:10, 0], shares[10:, 1] = 1, 1
    found = maximize(model, x, y, shares, 1e-3)
    np.testing.assert_array_equal(found.experts[2], model.experts[2])
    np.testing.assert_array_equal(found.scales[2], model.scales[2])
    assert np.all(found.scales[:2] != model.scales[:2])
