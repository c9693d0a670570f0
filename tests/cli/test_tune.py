"""The command `tune`."""

import json
import shlex

import pytest
from helpers.commands import assert_one_line, typed

from kerasbook.evaluation import accuracy_interval
from kerasbook.training import search

RATES = ["--log_uniform", "learning_rate", "1e-4", "1e-2"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tune"], "`space` must name a field"),
        (["tune", "mnist_lenet", *RATES], "Nearest: mnist_lenet5"),
        (["tune", *RATES, "--epochs", "1"], "`--epochs` and `--trials` must have one number"),
        (["tune", "--uniform", "lerning_rate", "0", "1"], "no field 'lerning_rate'. Nearest"),
        (["tune", "--uniform", "learning_rate", "a", "1"], "`--uniform` learning_rate a 1: "),
        (["tune", "--log_uniform", "learning_rate", "0", "1"], "`--log_uniform` learning_rate 0"),
        (["tune", "--uniform", "batch_size", "0", "9"], "`batch_size` must be at least 1"),
        (["tune", "xor", *RATES], "`recipe` must be one that trains a classifier"),
        (["tune", *RATES, "--data_dir", "nowhere"], "`data_dir` must be a folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    assert_one_line(typed(*arguments, cwd=tmp_path), message)
    assert list(tmp_path.iterdir()) == []


def test_prints_the_trials_and_how_to_train_the_best(tmp_path, monkeypatch):
    def train_once(recipe, run_dir, **options):
        assert (recipe.epochs, options["max_examples"]) == (1, 48)
        if str(run_dir).endswith("trial-1"):
            raise FloatingPointError("The loss is not finite")
        return {"validation_accuracy": 0.25 if str(run_dir).endswith("trial-2") else 0.75}

    monkeypatch.setattr(search, "train_once", train_once)
    flags = [*RATES, "--choice", "optimizer_arguments.beta_1", "0.8", "0.9", "--epochs", "1"]
    flags += ["--trials", "3", "--max_examples", "48", "--run_dir", "search"]
    result = typed("tune", *flags, "--uniform", "batch_size", "16", "24", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    title, first, second, third, _, best, command = result.stdout.splitlines()
    assert title == "stage 1, epochs=1: validation accuracies"
    assert [row.split()[0] for row in (first, second, third)] == ["75.00%", "25.00%", "diverged"]
    record = json.loads((tmp_path / "search" / "search.json").read_text())["best"]
    assert f"learning_rate={record['parameters']['learning_rate']!r}" in first
    assert isinstance(record["parameters"]["batch_size"], int)
    low, high = accuracy_interval(36, 48)
    accuracy = f"75.00% (95 % interval {low:.1%} to {high:.1%}; "
    assert best.startswith(f"best validation accuracy {accuracy}")
    words = shlex.split(command)
    assert words[:3] == ["kerasbook", "train", "digits_lenet5"]
    beta = record["parameters"]["optimizer_arguments.beta_1"]
    assert f"optimizer_arguments={{'beta_1': {beta}}}" in words
