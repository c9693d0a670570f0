"""The bundled recipes as they are, three seeds each: accuracy on the test split, time.

python benchmarks/accuracy.py --data_dir FOLDER [NAME ...]
"""

import argparse
import os
import pathlib
import statistics
import tempfile

from paired import write_record

from kerasbook import recipes, training
from kerasbook.evaluation import accuracy_interval

SEEDS = (0, 1, 2)
RUNS = (
    ("digits_lenet5", {}),
    ("mnist_mlp", {"epochs": 1}),
    ("mnist_mlp", {"epochs": 2}),
    ("mnist_lenet5", {}),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default=os.environ.get("KERASBOOK_DATA_DIR"))
    arguments = parser.parse_args()
    rows = []
    for name, changes in RUNS:
        recipe = recipes.get_recipe(name).replace(**changes)
        with tempfile.TemporaryDirectory() as folder:
            records = [
                training.train(
                    recipe.replace(seed=seed),
                    run_dir=pathlib.Path(folder) / str(seed),
                    data_dir=arguments.data_dir,
                    verbose=0,
                )
                for seed in SEEDS
            ]
        accuracies = [record["test_accuracy"] for record in records]
        median = statistics.median(accuracies)
        examples = records[0]["examples"]["test"]
        row = {
            "recipe": name,
            "epochs": recipe.epochs,
            "parameters": records[0]["parameters"],
            "test_accuracies": accuracies,
            "median_test_accuracy": median,
            "test_examples": examples,
            "median_interval": accuracy_interval(round(median * examples), examples),
            "median_train_seconds": statistics.median(r["train_seconds"] for r in records),
        }
        print(row, flush=True)
        rows.append(row)
    write_record("accuracy", rows)


if __name__ == "__main__":
    main()
