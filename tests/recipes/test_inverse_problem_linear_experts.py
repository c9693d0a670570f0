"""One input, several outputs: the data, and three linear experts against one."""

import numpy as np
import pytest
from helpers.study_runs import recorded, short_run

from kerasbook.recipes import inverse_problem_linear_experts as study


def test_the_data_are_bishops_with_swapped_axes():
    x, t = study.inverse_problem(20_000, 5)
    noise = x - (t + 0.3 * np.sin(2 * np.pi * t))
    assert noise.std() == pytest.approx(study.NOISE, rel=0.03)
    assert 0 <= t.min() < 0.01 < 0.99 < t.max() <= 1
    # In the middle there are three branches, and none of them at the ends.
    middle = t[np.abs(x - 0.5) < 0.02]
    assert np.histogram(middle, [0, 0.3, 0.7, 1])[0].min() > 100
    assert np.ptp(t[np.abs(x) < 0.01]) < 0.25


def test_a_short_run(tmp_path):
    scores = short_run("inverse_problem_linear_experts", tmp_path / "run", epochs=40)["scores"]
    one, three = (scores[name]["log_likelihood"][0] for name in ("1 expert", "3 experts"))
    assert three > one + 0.2


def test_one_expert_is_linear_regression():
    x, t = study.inverse_problem(300, 2)
    model = study.best_fit(1, x, t, 20, 0)
    slope, intercept = np.polyfit(x[:, 0], t[:, 0], 1)
    expected = slope * x + intercept
    np.testing.assert_allclose(np.asarray(model.mean(model(x))), expected, atol=1e-4)


def test_the_claims_of_the_record():
    assert all(claim["holds"] for claim in recorded("inverse_problem_linear_experts")["claims"])
