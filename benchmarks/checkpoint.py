"""Writing and reading checkpoints of LeNet-5 and ResNet-18 with Adam, against plain Keras.

    python benchmarks/checkpoint.py

Keras' `save` writes the same model and optimizer; ours also checks that all has reached the disk,
writes the run's position, and keeps the file before. Keras' `load_model` builds the model anew; our
`restore` checks the whole file first, and loads it into the model of the run, which is there.
"""

import argparse
import pathlib
import tempfile

import keras
from paired import compare, write_record

from kerasbook.applications import LeNet5, ResNet18
from kerasbook.training.engine import checkpoint

POSITION = {"epoch": 3, "step": 0, "steps": 600, "totals": [0.0, 0.0, 0.0], "seconds": 12.5}


def rows(name, model, folder, pairs):
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    ours, theirs = folder / "last.keras", folder / "theirs.keras"
    functions = {
        "kerasbook": lambda: checkpoint.save(model, ours, POSITION),
        "model.save": lambda: model.save(theirs),
    }
    saving = compare(f"{name}, save", functions, pairs)
    functions = {
        "kerasbook": lambda: checkpoint.restore(model, ours),
        "load_model": lambda: keras.saving.load_model(theirs),
    }
    loading = compare(f"{name}, restore", functions, pairs)
    size = round(ours.stat().st_size / 1e6, 1)
    return [{**row, "megabytes": size} for row in (saving, loading)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=11)
    arguments = parser.parse_args()
    models = {"LeNet-5": LeNet5, "ResNet-18": ResNet18}
    found = []
    for name, make_model in models.items():
        with tempfile.TemporaryDirectory() as folder:
            found += rows(name, make_model(), pathlib.Path(folder), arguments.pairs)
    write_record("checkpoint", found)


if __name__ == "__main__":
    main()
