"""A hierarchy of experts: the function of pieces, and a short run."""

import numpy as np
from helpers.study_runs import recorded, short_run

from kerasbook.recipes import hierarchical_experts as study


def test_the_pieces_are_linear_and_jump():
    left = study.pieces(np.array([-1.0, -0.5 + 1e-9, 1e-9, 0.5 + 1e-9]))
    np.testing.assert_allclose(left, study.LEVELS, atol=1e-6)
    for start, end, slope in zip((-1, -0.5, 0, 0.5), (-0.5, 0, 0.5, 1), study.SLOPES, strict=True):
        x = np.linspace(start + 1e-6, end - 1e-6, 5)
        np.testing.assert_allclose(np.diff(study.pieces(x)) / np.diff(x), slope)


def test_the_tree_has_four_linear_experts():
    tree = study.network((2, 2)).layers[-1]
    weights = np.asarray(tree.responsibilities(np.array([[0.3], [-2.0]], "float32")))
    assert weights.shape == (2, 4)
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-6)


def test_a_short_run(tmp_path):
    scores = short_run("hierarchical_experts", tmp_path / "run")["scores"]
    assert list(scores) == ["1 expert", "2 x 2 experts"]


def test_the_claims_of_the_record():
    assert all(claim["holds"] for claim in recorded("hierarchical_experts")["claims"])
