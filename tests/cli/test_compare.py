"""The command `compare`."""

import pytest
from helpers.commands import assert_one_line, typed

from kerasbook.cli.compare import _sentence
from kerasbook.evaluation import McNemar


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "nowhere", "elsewhere"], "`run` must be a run folder"),
        (["compare", "nowhere"], "required: RUN"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    assert_one_line(typed(*arguments, cwd=tmp_path), message)


def test_prints_accuracies_table_and_p_value(trained_run):
    folder, record = trained_run
    best = folder / "checkpoints" / "best.keras"
    result = typed("compare", folder, best)
    assert result.returncode == 0, result.stderr
    right = round(record["test_accuracy"] * 357)
    title, first, second, _, head, *table, _, p_value, sentence = result.stdout.splitlines()
    assert title == "357 examples of 'test'; accuracy:"
    assert first.split()[:2] == [str(folder), f"{record['test_accuracy']:.2%}"]
    assert second.split()[0] == str(best)
    assert "95 % interval" in second
    assert head.split() == ["second", "right", "second", "wrong"]
    assert [row.split()[2:] for row in table] == [[str(right), "0"], ["0", str(357 - right)]]
    assert p_value == "p-value 1 (McNemar, exact, two-sided)"
    assert "may well be chance" in sentence


def test_says_which_is_better():
    assert _sentence("a", "b", McNemar(5, 9, 0, 1, 0.004)).startswith("a is better:")
    assert _sentence("a", "b", McNemar(5, 0, 9, 1, 0.004)).startswith("b is better:")
    assert "difference of 3 examples" in _sentence("a", "b", McNemar(5, 0, 3, 1, 0.25))
