"""The command `search`."""

import json
import shlex

import pytest
from helpers.commands import assert_one_line, typed

from kerasbook.training import policy_search

QUICK = ["--max_examples", "48", "--set", "model=mlp", "--set", "model_arguments={'units': [4]}"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "`trials` or `budget` must be given"),
        (["--budget", "20x"], "`budget` must be a time above 0, such as 90s, 20m or 1h30m"),
        (["--budget", "0s"], "`budget` must be a time above 0"),
        (["--trials", "0"], "argument --trials: must be a positive integer, received '0'"),
        (["--method", "grid", "--trials", "1"], "invalid choice: 'grid'"),
        (["mnist_lenet", "--trials", "1"], "Nearest: mnist_lenet5"),
        (["xor", "--trials", "1"], "`recipe` must be one that trains a classifier"),
        (["--trials", "1", "--augmentation", "shft"], "Nearest: shift"),
        (["--trials", "1", "--data_dir", "nowhere"], "`data_dir` must be a folder"),
        (["--resume"], "`run_dir` must name the run to resume"),
        (["--resume", "--run_dir", "nowhere"], "has no recipe.json"),
        (["--trials", "1", "--run_dir", "full"], "`run_dir` must be new"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    assert_one_line(typed("search", *arguments, cwd=tmp_path), message)
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


@pytest.mark.slow("searches, resumes and trains; tests/training/test_policy_search.py searches")
def test_searches_resumes_and_says_how_to_train(tmp_path, monkeypatch):
    monkeypatch.setattr(policy_search.Sitting, "write_pictures", lambda *a, **k: None)
    flags = ["digits_lenet5", "--method", "random", "--epochs", "1", "--run_dir", "s", *QUICK]
    result = typed("search", *flags, "--trials", "2", "--seed", "3", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    record = json.loads((tmp_path / "s" / "record.json").read_text())
    assert (record["epochs"], record["max_examples"]) == (1, 48)
    assert record["arguments"] == {"seed": 3}
    assert json.loads((tmp_path / "s" / "recipe.json").read_text())["epochs"] == 20
    told, best, folder, command = result.stdout.splitlines()
    assert told.startswith("2 trials, 0 of them failed, ")
    number = record["best"]["trial"]
    assert best.startswith(f"best reward   {record['best']['reward']:.4f}, trial {number} (")
    assert folder.split() == ["run", "folder", "s"]
    assert "trial 2 of 2, reward " in result.stderr
    words = shlex.split(command)
    assert words == ["kerasbook", "train", "digits_lenet5", "--augmentation", "s/policy.json"]
    before = json.loads((tmp_path / "s" / "search.json").read_text())
    again = typed("search", "--run_dir", "s", "--resume", "--trials", "3", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    after = json.loads((tmp_path / "s" / "search.json").read_text())
    assert after["trials"][:2] == before["trials"]
    assert len(after["trials"]) == 3
    more = typed(
        "search", "--run_dir", "s", "--resume", "--budget", "1h", "--trials", "4", cwd=tmp_path
    )
    assert more.returncode == 0, more.stderr
    assert json.loads((tmp_path / "s" / "record.json").read_text())["limits"] == {
        "trials": 4,
        "budget": 3600.0,
    }
    other = typed("search", "--run_dir", "s", "--resume", "--method", "bayes", cwd=tmp_path)
    assert_one_line(other, "Received: another method than that of s")
    trained = [*words[1:], *QUICK, "--epochs", "1", "--run_dir", "r"]
    assert typed(*trained, cwd=tmp_path).returncode == 0
    used = json.loads((tmp_path / "r" / "recipe.json").read_text())["augmentation"]
    assert used == json.loads((tmp_path / "s" / "policy.json").read_text())


def test_a_new_limit_stands_in_the_place_of_the_old_one(tmp_path, monkeypatch):
    monkeypatch.setattr(policy_search.Sitting, "write_pictures", lambda *a, **k: None)
    flags = ["--method", "random", "--epochs", "1", "--run_dir", "s", *QUICK]
    assert typed("search", *flags, "--trials", "1", cwd=tmp_path).returncode == 0
    spent = ["--run_dir", "s", "--resume", "--budget", "0.001s"]
    assert typed("search", *spent, cwd=tmp_path).returncode == 0
    record = json.loads((tmp_path / "s" / "record.json").read_text())
    assert record["limits"] == {"trials": None, "budget": 0.001}


def test_the_methods_are_those_of_the_library():
    from kerasbook.cli.search import METHODS

    assert METHODS.keys() == policy_search.METHODS.keys()


def test_a_budget_below_one_trial(tmp_path):
    flags = ["--budget", "0.01s", "--epochs", "2", "--run_dir", "s", *QUICK]
    result = typed("search", *flags, cwd=tmp_path)
    assert_one_line(result, "`budget` must be enough for one trial at least, which takes more than")
