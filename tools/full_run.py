"""Joins the records of the full run's parts into `tests/full_run.json`, which the tools read.

`.ci/run --full` calls it: `python tools/full_run.py OUT MINUTES tensorflow=RECORD jax=RECORD`.
The file says for which commit all tests passed, how many there were, what they took, which of
them need the mark `slow`, and what the slow tests of a file, and all of its tests on JAX, cost.
"""

import datetime
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
SLOW = 10  # CPU seconds from which on a test needs the mark


def joined(records, commit, minutes, date):
    """Returns the content of the file from the records of the backends, by their names."""
    above = {
        test
        for record in records.values()
        for test, seconds in record["cpu_seconds"].items()
        if seconds > SLOW
    }
    return {
        "commit": commit,
        "date": date,
        "minutes": minutes,
        "outcomes": {name: record["outcomes"] for name, record in records.items()},
        "minutes_of_tests": {name: record["minutes"] for name, record in records.items()},
        "above_10_seconds": sorted(above),
        "slow_seconds": {k: v for k, v in records["tensorflow"]["slow_seconds"].items() if v},
        "jax_seconds": {k: v for k, v in records["jax"]["seconds"].items() if v >= 0.1},
    }


def main(out, minutes, *parts):
    """Reads the records and writes the file; tests that failed leave it as it was."""
    records = {}
    for part in parts:
        name, path = part.split("=", 1)
        records[name] = json.loads(pathlib.Path(path).read_text())
        if records[name]["outcomes"].get("failed"):
            sys.exit(f"full_run.py: tests failed on {name}; {out} is left as it was")
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    commit = result.stdout.strip() or None
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    content = joined(records, commit, float(minutes), date)
    pathlib.Path(out).write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
