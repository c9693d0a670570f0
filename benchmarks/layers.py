"""A train step of each layer beside the best that a user has: forward, and all gradients.

python benchmarks/layers.py [PATTERN ...]

Rivals are Keras' own layer, the obvious composition of Keras' layers, and torch's layer with
channels last (`pip install torch`). The cases stand in `benchmarks/layer_cases`, a file for
each family. With patterns, only the cases whose names match are timed, and the record keeps the
rest as it was.
"""

import fnmatch
import importlib.util
import json
import pathlib
import sys

from paired import RECORDS, compare_with_all, in_turn, write_record

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


def main():
    patterns = sys.argv[1:] or ["*"]
    path = RECORDS / "layers.json"
    rows = (
        {row["name"]: row for row in json.loads(path.read_text())["rows"]} if path.exists() else {}
    )
    kept = {}
    for case in cases():
        if any(fnmatch.fnmatch(case.name, pattern) for pattern in patterns):
            seconds = in_turn(case.steps(), case.pairs)
            kept[case.name] = compare_with_all(case.name, seconds, input_shapes=shapes(case))
        elif case.name in rows:
            kept[case.name] = rows[case.name]
    write_record("layers", list(kept.values()))


if __name__ == "__main__":
    main()
