"""From the start of the process to the end of a run's first step, beside importing TensorFlow.

    python benchmarks/start.py --data_dir FOLDER

What `kerasbook train RECIPE` does, in fresh processes: imports, opening and reading the dataset,
building the model, tracing and the first step. The process ends there.
"""

import argparse
import os
import subprocess
import sys
import tempfile

from paired import compare, write_record

RECIPES = ("digits_lenet5", "mnist_lenet5")
# The command line as the console script calls it, with a callback that ends the process.
CHILD = """
import functools, os, sys
from kerasbook import cli, training
import keras

class End(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        float(logs["loss"])
        os.write(1, b"first step done")
        os._exit(0)

training.train = functools.partial(training.train, callbacks=[End()])
cli.run()
"""


def silent(command):
    """Returns a function that runs a command and returns what it wrote."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return lambda: subprocess.run(command, check=True, capture_output=True, env=environment).stdout


def starting(recipe, data_dir):
    """Returns a function that starts a run and waits for its first step."""

    def call():
        with tempfile.TemporaryDirectory() as folder:
            arguments = ["train", recipe, "--run_dir", f"{folder}/run"]
            arguments += ["--data_dir", data_dir] if data_dir else []
            written = silent([sys.executable, "-c", CHILD, *arguments])()
        if not written.endswith(b"first step done"):
            raise RuntimeError(f"{recipe} came to no first step: {written.decode()}")

    return call


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default=os.environ.get("KERASBOOK_DATA_DIR"))
    parser.add_argument("--pairs", type=int, default=7)
    arguments = parser.parse_args()
    load = round(os.getloadavg()[0], 2)
    imported = silent([sys.executable, "-c", "import tensorflow, keras"])
    rows = []
    for recipe in RECIPES:
        functions = {
            "kerasbook": starting(recipe, arguments.data_dir),
            "import tensorflow": imported,
        }
        rows.append(compare(f"kerasbook train {recipe}", functions, arguments.pairs))
    write_record("start", rows, packages=(), load_average_before=load)


if __name__ == "__main__":
    main()
