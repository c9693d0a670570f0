"""Bayesian regression: unsure away from the data, and likelier there than one set of weights."""

import numpy as np
import pytest
from helpers.study_runs import recorded, short_run

from kerasbook.recipes import bayesian_regression as study


def test_the_data_lie_where_is_said():
    for place, (low, high) in study.PLACES.items():
        x, y = study.noisy_curve(5000, (low, high), 0)
        assert low <= np.abs(x).min() < np.abs(x).max() <= high + 1e-6, place
        assert np.std(y - study.curve(x)) == pytest.approx(0.1, rel=0.05)


def test_likelihood_is_that_of_the_average_density(rng):
    means, y = rng.normal(size=(7, 3)), rng.normal(size=(3, 1)) * 0.1
    densities = np.exp(-((y[:, 0] - means) ** 2) / (2 * 0.01)) / np.sqrt(2 * np.pi * 0.01)
    expected = np.log(densities.mean(0)).mean()
    assert study.log_likelihood(means, y) == pytest.approx(expected)
    # Far away it underflows, and the logarithm does not.
    assert np.isfinite(study.log_likelihood(means + 100, y))


def test_a_short_run(tmp_path, monkeypatch):
    monkeypatch.setattr(study, "DRAWS", 5)
    scores = short_run("bayesian_regression", tmp_path / "run")["scores"]
    assert len(scores) == 6
    assert scores["distribution of weights, in the gap"]["deviation"][0] > 0


def test_it_is_unsure_away_from_the_data_on_every_seed():
    row = recorded("bayesian_regression")
    data, gap, beyond = (
        np.array(row["scores"][f"distribution of weights, {place}"]["deviation"])
        for place in ("at the data", "in the gap", "beyond the data")
    )
    assert len(data) == 5
    assert np.all(gap > data)
    assert np.all(beyond > data)
    assert all(claim["holds"] for claim in row["claims"])
