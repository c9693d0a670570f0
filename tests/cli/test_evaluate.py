"""The command `evaluate`."""

import pytest
from helpers.commands import assert_one_line, typed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "nowhere"], "`run` must be a run folder"),
        (["evaluate", "nowhere", "elsewhere"], "`run` must be a run folder"),
        (["evaluate", "nowhere/x.keras"], "`run` must be a run folder"),
        (["evaluate"], "required: RUN"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    assert_one_line(typed(*arguments, cwd=tmp_path), message)


def test_prints_each_run_and_the_ensemble(trained_run):
    folder, record = trained_run
    low, high = record["test_accuracy_interval"]
    accuracy = f"{record['test_accuracy']:.2%} (95 % interval {low:.1%} to {high:.1%}"
    result = typed("evaluate", folder)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[:3] == ["split     test", "examples  357", f"accuracy  {accuracy})"]
    result = typed("evaluate", folder, folder / "checkpoints" / "best.keras")
    assert result.returncode == 0, result.stderr
    title, *rows = result.stdout.splitlines()
    assert title == "357 examples of 'test'; accuracy:"
    assert len(rows) == 3
    assert rows[0].split()[0] == str(folder)
    assert rows[2].split()[0] == "ensemble"
    for row in rows:
        assert f"  {accuracy}; loss {record['test_loss']:.4f})" in row


def test_views(trained_run):
    result = typed("evaluate", trained_run[0], "--views", "flip", "--split", "test[:30]")
    assert result.returncode == 0, result.stderr
    assert "accuracy  " in result.stdout
    result = typed("evaluate", trained_run[0], "--views", "flop")
    assert_one_line(result, "`views` must be one of")
