"""A train step of each layer beside the best that a user has: forward, and all gradients.

python benchmarks/layers.py [--new | PATTERN ...]

Rivals are Keras' own layer, the obvious composition of Keras' layers, and torch's layer with
channels last (`pip install torch`). The cases stand in `benchmarks/layer_cases`, a file for
each family. With patterns, only the cases whose names match are timed, with `--new` only those
that the record lacks. The record keeps the rest as it was, and its date; the new rows have a date
and an environment of their own.
"""

import fnmatch
import importlib.util
import json
import pathlib
import sys

from paired import RECORDS, compare_with_all, described, in_turn, today, write_record

HERE = pathlib.Path(__file__).parent


def cases():
    """Yields the cases of every family."""
    for path in sorted((HERE / "layer_cases").glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield from module.CASES


def shapes(case):
    return [list(array.shape) for array in case.inputs()]


def chosen(arguments, rows):
    """Returns a function that tells of a case's name whether it is to be timed."""
    if arguments == ["--new"]:
        return lambda name: name not in rows
    patterns = arguments or ["*"]
    return lambda name: any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def dated(row):
    """Returns a row with the date and the environment in which it was measured."""
    return {**row, "date": today(), "environment": described()}


def main():
    path = RECORDS / "layers.json"
    record = json.loads(path.read_text()) if path.exists() else {"rows": []}
    rows = {row["name"]: row for row in record["rows"]}
    is_chosen = chosen(sys.argv[1:], rows)
    found, is_whole = [], True
    for case in cases():
        if is_chosen(case.name):
            seconds = in_turn(case.steps(), case.pairs)
            row = compare_with_all(case.name, seconds, input_shapes=shapes(case))
            found.append(dated(row))
        elif case.name in rows:
            found.append(rows[case.name])
            is_whole = False
    if is_whole:
        bare = [{k: v for k, v in row.items() if k not in ("date", "environment")} for row in found]
        write_record("layers", bare)
    else:
        path.write_text(json.dumps({**record, "rows": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
