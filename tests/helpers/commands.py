"""The command line for tests: as a real process, and quicker, within the test's own."""

import contextlib
import io
import os
import subprocess
import sys
import time
import types

KERASBOOK = [sys.executable, "-c", "from kerasbook.cli import run; run()"]
QUICK = ["--max_examples", "12", "--epochs", "1", "--set", "batch_size=3"]


def kerasbook(*arguments, cwd=None, **options):
    """Runs the command in a process of its own, as people do."""
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    return subprocess.run(
        [*KERASBOOK, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **options,
    )


def typed(*arguments, cwd=None):
    """Runs the command here: the same parser, function and messages without TensorFlow's start."""
    from kerasbook import cli

    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        contextlib.chdir(cwd or os.getcwd()),
    ):
        try:
            code = cli.main(cli.parse(["kerasbook", *map(str, arguments)]))
        except SystemExit as end:
            code = end.code
    return types.SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


def assert_one_line(result, message):
    """Asserts that a command ended as bad input does: exit code 2 and one line on stderr."""
    assert result.returncode == 2, result.stderr
    assert message in result.stderr
    assert result.stderr.startswith("kerasbook")
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert result.stdout == ""


def wait_until(condition, seconds=120):
    """Waits for something to happen, and fails if it does not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
