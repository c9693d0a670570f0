"""What importing costs, in fresh processes: kerasbook and its layers against Keras alone.

python benchmarks/imports.py
"""

import os
import subprocess
import sys

from paired import compare, write_record

PAIRS = 7


def importing(*modules):
    command = [sys.executable, "-c", "import " + ", ".join(modules)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return lambda: subprocess.run(command, check=True, capture_output=True, env=environment)


def main():
    keras = importing("keras")
    rows = [
        compare(
            f"import {names}",
            {"kerasbook": importing(*names.split()), "import keras": keras},
            PAIRS,
        )
        for names in ("kerasbook", "keras,kerasbook", "kerasbook.layers")
    ]
    for row in rows:
        row["added_seconds"] = round((row["kerasbook_ms"] - row["rival_ms"]) / 1e3, 3)
    write_record("imports", rows)


if __name__ == "__main__":
    main()
