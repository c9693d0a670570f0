"""Mixture density networks: three components and more beat one Gaussian by half a nat."""

import numpy as np
from helpers.study_runs import recorded, short_run

from kerasbook.recipes import inverse_problem_mixture_density as study


def test_a_short_run(tmp_path):
    scores = short_run("inverse_problem_mixture_density", tmp_path / "run")["scores"]
    assert list(scores) == ["1 component", "3 components", "5 components"]


def test_one_component_is_one_gaussian():
    model = study.network(1)
    output = np.asarray(model(np.zeros((2, 1), "float32")))
    assert output.shape == (2, 2)


def test_more_components_win_by_half_a_nat_on_every_seed():
    row = recorded("inverse_problem_mixture_density")
    one, three, five = (np.array(m["log_likelihood"]) for m in row["scores"].values())
    assert len(one) == 5
    assert np.all(three >= one + 0.5)
    assert np.all(five >= one + 0.5)
    assert all(claim["holds"] for claim in row["claims"])
