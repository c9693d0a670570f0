"""Two runs compared: the table counted by hand."""

import numpy as np
import pytest

from kerasbook import training
from kerasbook.training.evaluation import results_of


def test_the_table_is_that_of_the_predictions(trained_run, tmp_path):
    recipe = training.Recipe(name="small", model="mlp", dataset="digits")
    training.train(recipe, run_dir=tmp_path / "b", max_examples=300, verbose=0, test=False)
    # The recipe's split as far as the run took it is not what the other was tested on.
    with pytest.raises(ValueError, match="The number of examples of .* differ: 357 and 300"):
        training.compare(trained_run[0], tmp_path / "b")
    results = training.compare(trained_run[0], tmp_path / "b", split="test[:200]")
    first, second = (
        test["probabilities"].argmax(-1) == test["labels"]
        for test in (
            results_of(run, split="test[:200]") for run in (trained_run[0], tmp_path / "b")
        )
    )
    assert results["examples"] == 200
    assert results["accuracies"] == (first.mean(), second.mean())
    both, first_only, second_only, neither, p_value = results["test"]
    pairs = list(zip(first, second, strict=True))
    assert both == pairs.count((True, True))
    assert first_only == pairs.count((True, False))
    assert second_only == pairs.count((False, True))
    assert neither == pairs.count((False, False))
    assert p_value < 1e-6
    assert all(
        low < np.mean(x) < high
        for x, (low, high) in zip((first, second), results["intervals"], strict=True)
    )


def test_a_run_does_not_differ_from_itself(trained_run):
    test = training.compare(trained_run[0], trained_run[0])["test"]
    assert (test.first_only, test.second_only, test.p_value) == (0, 0, 1)
