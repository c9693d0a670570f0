"""Radial basis functions: least squares by definition, from wiggly to straight."""

import numpy as np
import pytest
from helpers.study_runs import recorded, short_run

from kerasbook.recipes import radial_basis_regression as study


def test_least_squares_is_the_minimum(rng):
    features, y = rng.normal(size=(30, 4)), rng.normal(size=(30, 1))
    weights, bias = study.least_squares(features, y, 0.7)

    def cost(weights, bias):
        return np.sum((features @ weights + bias - y) ** 2) + 0.7 * np.sum(weights**2)

    least = cost(weights, bias)
    for _ in range(20):
        step, other = 1e-3 * rng.normal(size=weights.shape), 1e-3 * rng.normal()
        assert cost(weights + step, bias) > least
        assert cost(weights, bias + other) > least
    # Without a penalty it is the one of NumPy.
    expected = np.linalg.lstsq(np.c_[features, np.ones(30)], y, rcond=None)[0]
    found = np.concatenate([*study.least_squares(features, y, 0.0)], axis=None)
    np.testing.assert_allclose(found, expected[:, 0], rtol=1e-8)


def test_centres_are_ten_and_even():
    basis = study.network(0.5).layers[0]
    centroids = np.sort(np.asarray(basis.centroids)[:, 0])
    np.testing.assert_allclose(centroids, np.linspace(-1, 1, 10), atol=1e-6)


def test_narrow_is_wiggly_and_wide_is_straight(tmp_path):
    x, y = study.noisy_curve(100, 0)
    grid = np.linspace(-1, 1, 400, dtype="float32")[:, None]
    turns, bends = {}, {}
    for name, bandwidth in study.BANDWIDTHS.items():
        model = study.network(bandwidth)
        basis, output = model.layers
        output.set_weights(study.least_squares(np.asarray(basis(x)), y, study.PENALTY))
        curve = np.asarray(model(grid))[:, 0].astype("float64")
        steps = np.diff(curve)
        turns[name] = np.sum(steps[1:] * steps[:-1] < 0)
        straight = np.polyval(np.polyfit(grid[:, 0], curve, 1), grid[:, 0])
        bends[name] = np.abs(curve - straight).max() / np.ptp(curve)
    assert turns["narrow"] > 10 > turns["middling"]
    assert turns["wide"] == 0
    assert bends["wide"] < 0.02 < 0.1 < bends["middling"]


def test_the_whole_study_is_short(tmp_path):
    scores = short_run("radial_basis_regression", tmp_path / "run")["scores"]
    found = {name: measures["log_likelihood"][0] for name, measures in scores.items()}
    assert found["middling"] > max(found["narrow"], found["wide"])
    row = recorded("radial_basis_regression")
    assert all(claim["holds"] for claim in row["claims"])
    assert row["scores"]["wide"]["log_likelihood"][0] == pytest.approx(found["wide"], abs=1e-3)
