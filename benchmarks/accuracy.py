"""The bundled recipes as they are: accuracy on the test split, time.

    python benchmarks/accuracy.py --data_dir FOLDER [NAME ...]

Three seeds each, one where a run takes many minutes. The rows of recipes that are not named stay.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import tempfile

from paired import RECORDS, write_record

from kerasbook import recipes, training
from kerasbook.evaluation import accuracy_interval

SEEDS = (0, 1, 2)
RUNS = (
    ("digits_lenet5", {}, SEEDS),
    ("mnist_mlp", {"epochs": 1}, SEEDS),
    ("mnist_mlp", {"epochs": 2}, SEEDS),
    ("mnist_lenet5", {}, SEEDS),
    ("cifar10_resnet20", {}, SEEDS[:1]),
    ("cifar10_se_resnet20", {}, SEEDS[:1]),
    ("cifar10_wide_resnet16_2", {}, SEEDS[:1]),
    ("cifar10_shufflenet_v2", {}, SEEDS[:1]),
)
NAMES = list(dict.fromkeys(name for name, _, _ in RUNS))


def rows_before():
    file = RECORDS / "accuracy.json"
    return json.loads(file.read_text())["rows"] if file.exists() else []


def row_of(name, changes, seeds, data_dir):
    """Trains a recipe from each seed and returns a row of the record."""
    recipe = recipes.get_recipe(name).replace(**changes)
    with tempfile.TemporaryDirectory() as folder:
        records = [
            training.train(
                recipe.replace(seed=seed),
                run_dir=pathlib.Path(folder) / str(seed),
                data_dir=data_dir,
                verbose=0,
            )
            for seed in seeds
        ]
    accuracies = [record["test_accuracy"] for record in records]
    median = statistics.median(accuracies)
    examples = records[0]["examples"]["test"]
    return {
        "recipe": name,
        "epochs": recipe.epochs,
        "parameters": records[0]["parameters"],
        "test_accuracies": accuracies,
        "median_test_accuracy": median,
        "test_examples": examples,
        "median_interval": accuracy_interval(round(median * examples), examples),
        "median_train_seconds": statistics.median(r["train_seconds"] for r in records),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME")
    parser.add_argument("--data_dir", default=os.environ.get("KERASBOOK_DATA_DIR"))
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(NAMES))
    if unknown:
        parser.error(f"NAME must be one of {', '.join(NAMES)}. Received: {', '.join(unknown)}")
    for name in arguments.names:
        new = [row_of(*run, arguments.data_dir) for run in RUNS if run[0] == name]
        print(*new, sep="\n", flush=True)
        rows = [row for row in rows_before() if row["recipe"] != name] + new
        rows.sort(key=lambda row: (NAMES.index(row["recipe"]), row["epochs"]))
        write_record("accuracy", rows)


if __name__ == "__main__":
    main()
