"""Two workers of one thread each against one process of two threads: images a second in training.

    python benchmarks/workers.py --data_dir FOLDER

Both train the same recipe with the same global batch on the same two cores. Every run is a
process of its own, as people start it, and times its epochs; the first, with its tracing, is left
out. The runs take turns. The efficiency is the two workers' rate over that of the one: what is
lost goes to the exchange of gradients, and to doing twice what each process does for itself.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from paired import turns, write_record

from kerasbook.training.cluster.launch import launch

CORES = 2
CASES = {
    "LeNet-5, MNIST, batch 64": ("mnist_lenet5", "mnist", 64, 6400),
    "ResNet18, CIFAR-10, batch 32": ("cifar10_resnet18", "cifar10", 32, 320),
}
# Worker 0, or the only process, writes the images a second of each epoch.
CODE = """
import json, os, sys, time
from kerasbook.console import quiet_import
with quiet_import():
    import keras
    from kerasbook import recipes, training

recipe, dataset, batch, examples, epochs, strategy, data_dir, folder = json.loads(sys.argv[1])

class Rates(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.found = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.end = time.perf_counter() if batch + 1 == self.params["steps"] else None

    def on_epoch_end(self, epoch, logs=None):
        self.found.append(examples / (self.end - self.start))

rates = Rates()
recipe = recipes.get_recipe(recipe).replace(
    dataset=dataset, batch_size=batch, epochs=epochs, warmup_epochs=0,
    train_split=f"train[:{examples}]", validation_split=f"train[:{batch}]")
record = training.train(
    recipe, run_dir=folder, strategy=strategy, data_dir=data_dir, callbacks=[rates],
    verbose=0, test=False)
if record is not None:
    open(folder + ".json", "w").write(json.dumps(rates.found[1:]))
"""


def rates_of(workers, case, data_dir, epochs):
    """Returns the images a second of each epoch but the first."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = os.path.join(temporary, "run")
        strategy = "multi_worker" if workers > 1 else "default"
        given = json.dumps([*case, epochs + 1, strategy, data_dir, folder])
        command = [sys.executable, "-c", CODE, given]
        if workers > 1:
            code = launch(command, workers)
        else:
            threads = {f"TF_NUM_{kind}_THREADS": str(CORES) for kind in ("INTRAOP", "INTEROP")}
            code = subprocess.run(command, env={**os.environ, **threads}, check=False).returncode
        if code:
            sys.exit(code)
        return json.loads(pathlib.Path(f"{folder}.json").read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default=os.environ.get("KERASBOOK_DATA_DIR"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    rows = []
    for name, case in CASES.items():
        found = {1: [], 2: []}
        for workers in turns(found, arguments.rounds):
            found[workers] += rates_of(workers, case, arguments.data_dir, arguments.epochs)
        one, two = (float(np.median(found[workers])) for workers in (1, 2))
        row = {
            "name": name,
            "one_process_images_per_second": round(one, 1),
            "two_workers_images_per_second": round(two, 1),
            "efficiency": round(two / one, 3),
            "epochs": len(found[1]),
        }
        rows.append(row)
        print(
            f"{name:32} one {one:8.1f} images/s   two {two:8.1f} images/s   "
            f"efficiency {row['efficiency']:.1%}",
            flush=True,
        )
    write_record("workers", rows, packages=(), cores=CORES)


if __name__ == "__main__":
    main()
