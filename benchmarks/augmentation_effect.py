"""What augmentation is worth: a small residual network on 4,000 images of CIFAR-10.

    python benchmarks/augmentation_effect.py --data_dir FOLDER

The recipe is the same for every policy; nothing was tuned. What counts is the model of the last
epoch on the test split, which nothing else looks at. Runs that are in the record already, by the
same recipe, are not repeated.
"""

import argparse
import json
import os
import statistics
import tempfile
import time

import keras
import small_networks  # noqa: F401  it registers the network
from paired import RECORDS, write_record

from kerasbook import training
from kerasbook.augmentation import Sequence, get_policy
from kerasbook.registry import register
from kerasbook.serving import Preprocessing
from kerasbook.training import report
from kerasbook.training.input.data import LabelledImages

NAME = "augmentation_effect"
SEEDS = (0, 1, 2)
POLICIES = ("none", "shift_and_flip", "shift_and_flip, then cifar10")


@register("policy", POLICIES[2])
def _shift_and_flip_then_cifar10():
    """Flips and crops, then AutoAugment's policy for CIFAR-10: the order of its paper."""
    return Sequence([get_policy("shift_and_flip"), get_policy("cifar10")])


RECIPE = training.Recipe(
    name=NAME,
    model="wideresnet16",
    dataset="cifar10",
    mean=(0.4914, 0.4822, 0.4465),
    std=(0.247, 0.2435, 0.2616),
    train_split="train[:4000]",
    validation_split="train[4000:4256]",  # the engine wants one; nothing is chosen by it
    epochs=60,
    batch_size=128,
    optimizer="sgd",
    optimizer_arguments={"momentum": 0.9, "nesterov": True},
    learning_rate=0.1,
    schedule="one_cycle",
    # Decoupled: under momentum 0.9 this is 5e-4 in the loss, as the papers have it.
    weight_decay=5e-3,
    precision="mixed_bfloat16",
)


def run(recipe, data_dir):
    """Trains by the recipe and returns what the last epoch's model is worth."""
    start = time.perf_counter()
    last = keras.callbacks.Callback()  # to be handed the model
    with tempfile.TemporaryDirectory() as folder:
        options = {"run_dir": f"{folder}/run", "data_dir": data_dir, "verbose": 0, "test": False}
        record = training.train(recipe, callbacks=[last], **options)
    examples = LabelledImages(recipe.dataset, data_dir).split(recipe.test_split)
    preprocessing = Preprocessing(**record["preprocessing"])
    results = report.test_results(last.model, examples, preprocessing)
    return {
        "seed": recipe.seed,
        "parameters": record["parameters"],
        "test_accuracy": results["accuracy"],
        "test_loss": results["loss"],
        "train_accuracy": last.model.history.history["accuracy"][-1],
        "train_seconds": record["train_seconds"],
        "wall_seconds": round(time.perf_counter() - start, 3),
    }


def row_of(policy, runs):
    accuracies = [run["test_accuracy"] for run in runs]
    return {
        "policy": policy,
        "mean_test_accuracy": statistics.mean(accuracies),
        "deviation": statistics.stdev(accuracies) if len(runs) > 1 else None,
        "runs": runs,
    }


def runs_before():
    """Returns the runs of the record by policy, none if it is of another recipe."""
    file = RECORDS / f"{NAME}.json"
    record = json.loads(file.read_text()) if file.exists() else {"recipe": None}
    if record["recipe"] != RECIPE.to_json():
        return {}
    return {row["policy"]: row["runs"] for row in record["rows"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default=os.environ.get("KERASBOOK_DATA_DIR"))
    arguments = parser.parse_args()
    runs = runs_before()
    for seed in SEEDS:
        for policy in POLICIES:
            done = runs.setdefault(policy, [])
            if any(run["seed"] == seed for run in done):
                continue
            done.append(run(RECIPE.replace(augmentation=policy, seed=seed), arguments.data_dir))
            print(policy, done[-1], flush=True)
            rows = [row_of(name, found) for name, found in runs.items() if found]
            command = f"python benchmarks/{NAME}.py --data_dir FOLDER"
            write_record(NAME, rows, command=command, recipe=RECIPE.to_json())


if __name__ == "__main__":
    main()
