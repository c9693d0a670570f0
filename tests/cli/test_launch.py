"""The command `launch`: train's flags go through, and what is wrong is said once, at once."""

import sys

import pytest
from helpers.commands import assert_one_line, typed

from kerasbook.training.cluster import launch as module


@pytest.fixture
def launched(monkeypatch):
    """What would have been launched."""
    found = []
    monkeypatch.setattr(module, "launch", lambda *given: found.append(given) or 5)
    return found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workers", "0"], "must be a positive integer, received '0'"),
        (["--workers", "3"], "multiple of the number of workers, 3. Received: batch_size=32"),
        (["--strategy", "mirrored"], "must be 'multi_worker'. Received: strategy='mirrored'"),
        (["mnist_lenet"], "recipe='mnist_lenet'. Nearest: mnist_lenet5"),
        (["--set", "lerning_rate=1"], "no field 'lerning_rate'. Nearest: learning_rate"),
        (["--epoch", "1"], "unrecognized arguments: --epoch; see kerasbook launch --help"),
        (["--resume", "--run_dir", "nowhere"], "nowhere"),
    ],
)
def test_bad_input_is_said_before_anything_starts(arguments, message, tmp_path, launched):
    assert_one_line(typed("launch", *arguments, cwd=tmp_path), message)
    assert launched == []
    assert list(tmp_path.iterdir()) == []


def test_flags_of_train_go_through(launched, tmp_path):
    flags = ["mnist_mlp", "--batch_size", "33", "--set", "label_smoothing=0.1", "--run_dir", "x"]
    for given in (["launch", "--workers", "3", *flags], ["launch", *flags, "--workers=3"]):
        assert typed(*given, cwd=tmp_path).returncode == 5
        [(command, workers)] = launched
        launched.clear()
        assert workers == 3
        assert command[0] == sys.executable
        assert command[command.index("train") + 1 :] == [*flags, "--strategy", "multi_worker"]
