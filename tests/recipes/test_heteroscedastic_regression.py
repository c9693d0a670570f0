"""Growing noise: the data are what is said, and the learned variance wins."""

import numpy as np
import pytest
from helpers.study_runs import recorded, short_run

from kerasbook.recipes import heteroscedastic_regression as study


def test_trend_season_and_noise():
    times = np.array([0.0, 1.0, 3.0, 8.0])
    mean, deviation = study.trend_and_season(times)
    np.testing.assert_allclose(mean, [0, 1.6, 0, 3.2], atol=1e-12)
    np.testing.assert_allclose(deviation**2, 0.02 + 0.015 * times**2)
    x, y = study.noisy_series(20_000, 1)
    assert x.shape == y.shape == (20_000, 1)
    expected, scale = study.trend_and_season(x)
    for low, high in ((0, 2), (8, 10)):
        inside = (x >= low) & (x < high)
        assert np.std(((y - expected) / scale)[inside]) == pytest.approx(1, abs=0.05)
    again, _ = study.noisy_series(20_000, 1)
    np.testing.assert_array_equal(again, x)


def test_log_density_by_definition():
    y, mean, deviation = np.array([1.0, 3.0]), np.array([0.0, 1.0]), np.array([1.0, 4.0])
    density = np.exp(-((y - mean) ** 2) / (2 * deviation**2)) / np.sqrt(2 * np.pi * deviation**2)
    found = study.log_density(y, mean, deviation)
    assert found == pytest.approx(np.log(density).mean())


def test_a_short_run(tmp_path):
    scores = short_run("heteroscedastic_regression", tmp_path / "run")["scores"]
    assert list(scores) == ["learned variance", "constant variance", "truth"]
    assert scores["learned variance"]["log_likelihood"] < scores["truth"]["log_likelihood"]


def test_the_learned_variance_wins_on_every_seed():
    row = recorded("heteroscedastic_regression")
    learned, constant = (
        np.array(row["scores"][name]["log_likelihood"])
        for name in ("learned variance", "constant variance")
    )
    assert len(learned) == 5
    assert np.all(learned > constant)
    assert all(claim["holds"] for claim in row["claims"])
