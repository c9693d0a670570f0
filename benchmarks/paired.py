"""Timing of rivals in turn, and the record that a benchmark leaves."""

import contextlib
import datetime
import importlib.metadata
import json
import pathlib
import time

import numpy as np

from kerasbook.training import environment

REST = 0.02  # seconds
RECORDS = pathlib.Path(__file__).parent / "records"


def in_turn(functions, pairs, warmup=2):
    """Times functions in turn, each round beginning with another one.

    A rest before each lets the threads of the one before go to sleep: torch's go on spinning for
    some milliseconds.

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
    for name in turns(functions, pairs):
        time.sleep(REST)
        start = time.perf_counter()
        functions[name]()
        seconds[name].append(time.perf_counter() - start)
    return {name: np.array(values) for name, values in seconds.items()}


def turns(names, rounds):
    """Yields the name whose turn it is: all of them in each round, beginning with another one."""
    names = list(names)
    for number in range(rounds):
        first = number % len(names)
        yield from names[first:] + names[:first]


def compare(name, functions, pairs, **facts):
    """Times `functions["kerasbook"]` against its one rival and returns a row of a record."""
    seconds = in_turn(functions, pairs)
    [rival] = set(seconds) - {"kerasbook"}
    row = {
        "name": name,
        **facts,
        "kerasbook_ms": milliseconds(seconds["kerasbook"]),
        "rival": rival,
        **{f"rival_{k}" if k == "ms" else k: v for k, v in against(seconds, rival).items()},
        "pairs": pairs,
    }
    print(
        f"{name:44} {row['kerasbook_ms']:10.2f} ms   {rival} {row['rival_ms']:10.2f} ms   "
        f"{row['times_faster']:7.2f} times faster",
        flush=True,
    )
    return row


def compare_with_all(name, seconds, **facts):
    """Returns a row of a record from what `in_turn` measured, with each of several rivals."""
    row = {"name": name, **facts, "kerasbook_ms": milliseconds(seconds["kerasbook"])}
    row["pairs"] = len(seconds["kerasbook"])
    row["rivals"] = {rival: against(seconds, rival) for rival in seconds if rival != "kerasbook"}
    print(f"{name:56} {row['kerasbook_ms']:9.2f} ms", end="")
    for rival, found in row["rivals"].items():
        print(f"   {rival} {found['ms']:9.2f} ms, {found['times_faster']:6.2f}", end="")
    print(flush=True)
    return row


def milliseconds(seconds):
    return round(float(np.median(seconds)) * 1e3, 3)


def against(seconds, rival):
    """Returns a rival's median, and the median and quartiles of the paired ratios."""
    ratios = seconds[rival] / seconds["kerasbook"]
    return {
        "ms": milliseconds(seconds[rival]),
        "times_faster": round(float(np.median(ratios)), 2),
        "times_faster_quartiles": [round(float(q), 2) for q in np.quantile(ratios, (0.25, 0.75))],
    }


def today():
    """Returns the date in UTC."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def described(packages=("torch",)):
    """Returns the environment, with the versions of those peers that are installed."""
    found = environment.describe()
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package).partition("+")[0]
    return found


def write_record(name, rows, packages=("torch",), **facts):
    """Writes `records/NAME.json` with the rows, the date, the environment and peers' versions."""
    RECORDS.mkdir(exist_ok=True)
    record = {
        "benchmark": name,
        "date": today(),
        "environment": described(packages),
        **facts,
        "rows": rows,
    }
    (RECORDS / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
