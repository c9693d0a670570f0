"""Timing of rivals in turn, and the record that a benchmark leaves."""

import datetime
import json
import pathlib
import time

import numpy as np

from kerasbook.training import environment

RECORDS = pathlib.Path(__file__).parent / "records"


def in_turn(functions, pairs, warmup=2):
    """Times functions in turn.

    Args:
        functions: Dictionary from name to a function without arguments.
        pairs: How often each is timed.
        warmup: How often each is called before.

    Returns:
        Dictionary from name to an array of `pairs` seconds.
    """
    for _ in range(warmup):
        for function in functions.values():
            function()
    seconds = {name: [] for name in functions}
    for _ in range(pairs):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - start)
    return {name: np.array(values) for name, values in seconds.items()}


def compare(name, functions, pairs, **facts):
    """Times `functions["kerasbook"]` against its one rival and returns a row of a record."""
    seconds = in_turn(functions, pairs)
    ours = seconds.pop("kerasbook")
    [(rival, theirs)] = seconds.items()
    ratios = theirs / ours
    row = {
        "name": name,
        **facts,
        "kerasbook_ms": round(float(np.median(ours)) * 1e3, 3),
        "rival": rival,
        "rival_ms": round(float(np.median(theirs)) * 1e3, 3),
        "times_faster": round(float(np.median(ratios)), 2),
        "times_faster_quartiles": [round(float(q), 2) for q in np.quantile(ratios, (0.25, 0.75))],
        "pairs": pairs,
    }
    print(
        f"{name:44} {row['kerasbook_ms']:10.2f} ms   {rival} {row['rival_ms']:10.2f} ms   "
        f"{row['times_faster']:7.2f} times faster",
        flush=True,
    )
    return row


def write_record(name, rows):
    """Writes `records/NAME.json` with the rows, the date and the environment."""
    RECORDS.mkdir(exist_ok=True)
    record = {
        "benchmark": name,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "environment": environment.describe(),
        "rows": rows,
    }
    (RECORDS / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
