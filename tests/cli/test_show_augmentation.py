"""The command `show-augmentation`."""

import json

import pytest
from helpers.commands import QUICK, assert_one_line, typed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show-augmentation", "rand_augmen", "digits"], "Nearest: rand_augment"),
        (["show-augmentation", "shift", "nowhere.png"], "No such file or directory: nowhere.png"),
        (["show-augmentation", "shift", "digit"], "dataset='digit'. Nearest: digits"),
        (["show-augmentation", "shift", "digits", "-o", "no/where.png"], "no/where.png"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    assert_one_line(typed(*arguments, cwd=tmp_path), message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow(
    "trains with the policy; a policy of a file in a run is in tests/training/test_run.py"
)
def test_a_policy_of_a_file_is_shown_and_trained_with(tmp_path):
    rotate = {"operation": "rotate", "magnitude": [-15, 15]}
    policy = {"version": 1, "type": "RandomOperation", "arguments": rotate}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    result = typed("show-augmentation", "policy.json", "digits", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "wrote augmentation.png\n"
    assert (tmp_path / "augmentation.png").read_bytes()[:4] == b"\x89PNG"

    train = ["train", *QUICK, "--run_dir", "run", "--augmentation", "policy.json"]
    assert typed(*train, cwd=tmp_path).returncode == 0
    (tmp_path / "policy.json").unlink()
    recipe = json.loads((tmp_path / "run" / "recipe.json").read_text())
    assert recipe["augmentation"]["arguments"]["magnitude"] == [-15, 15]
    resume = ["train", "--run_dir", "run", "--resume", "--epochs", "2"]
    assert typed(*resume, cwd=tmp_path).returncode == 0
