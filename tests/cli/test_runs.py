"""The commands on the folder of a run, after one another."""

import re
import shutil

import pytest
from helpers.commands import QUICK, assert_one_line, kerasbook, typed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "nowhere", "x.png"], "`run` must be a run folder"),
        (["export", "nowhere"], "`run` must be a run folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    assert_one_line(typed(*arguments, cwd=tmp_path), message)
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_the_traceback(tmp_path):
    result = typed("evaluate", "nowhere", "--debug", cwd=tmp_path)
    assert result.returncode == 2
    assert "Traceback" in result.stderr


@pytest.mark.slow(
    "five processes train, evaluate, predict and export; each has its tests in tests/training"
)
def test_train_evaluate_predict_export(tmp_path):
    """Training and prediction as processes, whose every line of stderr counts."""
    result = kerasbook("train", *QUICK, "--run_dir", "run", "--seed", 3, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    accuracy = re.search(
        r"^test accuracy ([\d.]+% \(95 % interval [\d.]+% to [\d.]+%); 12 images, loss [\d.]+\)$",
        result.stdout,
        re.MULTILINE,
    ).group(1)
    assert "run folder    run" in result.stdout
    assert "4/4" in result.stdout  # the progress bar

    result = typed("train", *QUICK, "--run_dir", "run", cwd=tmp_path)
    assert result.returncode == 2
    assert "`run_dir` must be new" in result.stderr

    result = typed("evaluate", "run", "--split", "test[:12]", cwd=tmp_path)
    assert f"accuracy  {accuracy})" in result.stdout

    shutil.copy(tmp_path / "run" / "mistakes.png", tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes((tmp_path / "good.png").read_bytes()[:200])
    result = kerasbook(
        "predict", "run", "good.png", "bad.png", "none.png", "good.png", cwd=tmp_path
    )
    assert result.returncode == 2
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["good.png"] * 2
    assert result.stdout.count("%") == 6
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        "bad.png",
        "none.png",
    ]
    assert typed("predict", "run", "good.png", cwd=tmp_path).returncode == 0

    result = typed("export", "run", cwd=tmp_path)
    assert result.returncode == 0
    for code in (0, 2):
        result = typed("export", "run", "-o", "served/1", cwd=tmp_path)
        assert result.returncode == code
    assert "`path` must be new" in result.stderr
    assert (tmp_path / "served" / "1" / "saved_model.pb").is_file()
