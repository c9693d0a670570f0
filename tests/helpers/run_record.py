"""What a run of the tests cost: CPU seconds of each test, in a JSON file if one is asked for.

`pytest --record FILE` writes it; `tools/full_run.py` joins those of several backends.
"""

import collections
import json
import os
import pathlib
import time

import pytest


class RunRecord:
    """Adds to each test its CPU seconds, children's included, and writes all at the end.

    Under pytest-xdist the workers measure and the controller writes.
    """

    def __init__(self, file=None):
        self.file = file
        self.begin = time.monotonic()
        self.outcomes = collections.Counter()
        self.cpu_seconds = {}
        self.seconds = collections.Counter()
        self.slow_seconds = collections.Counter()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        before = cpu_time()
        try:
            return (yield)
        finally:
            item.user_properties.append(("cpu_seconds", round(cpu_time() - before, 2)))

    def pytest_runtest_logreport(self, report):
        file = report.nodeid.split("::")[0]
        self.seconds[file] += report.duration
        if "slow" in report.keywords:
            self.slow_seconds[file] += report.duration
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[report.outcome] += 1
        if report.when == "call":
            self.cpu_seconds[report.nodeid] = dict(report.user_properties).get("cpu_seconds", 0.0)

    def pytest_sessionfinish(self, session):
        if self.file is None or hasattr(session.config, "workerinput"):
            return
        record = {
            "minutes": round((time.monotonic() - self.begin) / 60, 1),
            "outcomes": dict(sorted(self.outcomes.items())),
            "cpu_seconds": self.cpu_seconds,
            "seconds": rounded(self.seconds),
            "slow_seconds": rounded(self.slow_seconds),
        }
        pathlib.Path(self.file).write_text(json.dumps(record, indent=1) + "\n")


def cpu_time():
    """Returns the CPU seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def rounded(seconds):
    """Returns the counter with a decimal, by name."""
    return {name: round(value, 1) for name, value in sorted(seconds.items())}
