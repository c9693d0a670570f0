"""The record of a run of tests, and that of the full run: what they say, and when they are kept."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
CONFTEST = """
import sys
sys.path.insert(0, {tests!r})
from helpers.run_record import RunRecord

def pytest_configure(config):
    config.addinivalue_line("markers", "slow(reason): slow")
    config.pluginmanager.register(RunRecord("record.json"))
"""
TESTS = """
import subprocess, sys, time, pytest

def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

def test_sleeps():
    time.sleep(0.3)

@pytest.mark.slow("it burns")
def test_burns():
    burn(0.3)

def test_burns_in_a_child():
    code = "import time\\nwhile time.process_time() < 0.4: pass"
    subprocess.run([sys.executable, "-c", code])

def test_fails():
    assert False

@pytest.mark.skip(reason="to be skipped")
def test_skipped():
    pass
"""


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """The record of five small tests."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "conftest.py").write_text(CONFTEST.format(tests=str(ROOT / "tests")))
    (folder / "test_five.py").write_text(TESTS)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_five.py"]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=60)
    return json.loads((folder / "record.json").read_text())


def test_outcomes_are_counted(record):
    assert record["outcomes"] == {"failed": 1, "passed": 3, "skipped": 1}


def test_time_is_that_of_the_processor_and_of_children(record):
    seconds = {test.split("::")[1]: value for test, value in record["cpu_seconds"].items()}
    assert seconds["test_sleeps"] < 0.2
    assert seconds["test_burns"] > 0.25
    assert seconds["test_burns_in_a_child"] > 0.35


def test_slow_tests_are_summed_by_file(record):
    assert 0.2 < record["slow_seconds"]["test_five.py"] < record["seconds"]["test_five.py"]


def write(folder, **records):
    """Writes records and runs the tool on them; returns the process and the file it may write."""
    parts = []
    for name, content in records.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content))
        parts.append(f"{name}={path}")
    out = folder / "full_run.json"
    command = [sys.executable, str(ROOT / "tools" / "full_run.py"), str(out), "12.5", *parts]
    return subprocess.run(command, capture_output=True, text=True, timeout=60), out


def part(**outcomes):
    """Returns a made-up record."""
    cpu_seconds = {"tests/test_a.py::test_long": 10.5, "tests/test_a.py::test_short": 9.9}
    seconds = {"tests/test_a.py": 21.0}
    times = {"cpu_seconds": cpu_seconds, "seconds": seconds, "slow_seconds": seconds}
    return {"minutes": 3.0, "outcomes": outcomes, **times}


def test_the_full_run_names_its_commit_counts_and_long_tests(tmp_path):
    process, out = write(tmp_path, tensorflow=part(passed=2), jax=part(passed=1, skipped=1))
    assert process.returncode == 0, process.stderr
    content = json.loads(out.read_text())
    assert content["minutes"] == 12.5
    assert content["outcomes"]["jax"] == {"passed": 1, "skipped": 1}
    assert content["above_10_seconds"] == ["tests/test_a.py::test_long"]
    assert content["slow_seconds"] == content["jax_seconds"] == {"tests/test_a.py": 21.0}
    git = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    head = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    assert content["commit"] == (head or None)


def test_a_run_with_failures_leaves_the_file_as_it_was(tmp_path):
    (tmp_path / "full_run.json").write_text("before")
    process, out = write(tmp_path, tensorflow=part(passed=2), jax=part(passed=1, failed=1))
    assert process.returncode == 1
    assert "failed on jax" in process.stderr
    assert out.read_text() == "before"
