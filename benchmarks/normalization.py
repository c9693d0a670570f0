"""Batch normalization against group normalization for batches of 2, 4 and 32 images.

    python benchmarks/normalization.py --data_dir FOLDER

A ResNet-20 learns from 6,000 images of CIFAR-10 for three epochs, its learning rate in proportion
to the batch (Goyal et al., 2017), so that all see the same images equally often. Wu and He
(2018, figure 1, https://arxiv.org/abs/1803.08494) found for ImageNet that batch normalization errs
more the smaller the batch, and that group normalization does not care. The picture is
`records/normalization.png`.
"""

import argparse
import os
import statistics
import tempfile

import keras
import matplotlib
from paired import RECORDS, write_record

from kerasbook import recipes, training

matplotlib.use("Agg")

BATCHES = (2, 4, 32)
NORMS = ("batch", "group")
SEEDS = (0, 1)
RATE = 0.1  # for a batch of 128 images


def recipe_of(norm, batch, seed):
    """Returns the recipe of one run."""
    return recipes.get_recipe("cifar10_resnet20").replace(
        model_arguments={"normalization": norm},
        train_split="train[:6000]",
        validation_split="train[6000:6256]",  # the engine wants one; nothing is chosen by it
        epochs=3,
        batch_size=batch,
        learning_rate=RATE * batch / 128,
        warmup_epochs=0.5,
        augmentation="none",
        precision="float32",
        steps_per_execution=25,
        seed=seed,
    )


def run(recipe, data_dir):
    """Trains by the recipe; returns the error on the test split and the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        record = training.train(recipe, run_dir=f"{folder}/run", data_dir=data_dir, verbose=0)
    keras.backend.clear_session()
    return 1 - record["test_accuracy"], record["train_seconds"]


def draw(rows, path):
    """Draws the errors over the batch size: the mean, and each run as a point."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for norm, marker in zip(NORMS, "os", strict=True):
        own = [row for row in rows if row["normalization"] == norm]
        batches = [row["batch_size"] for row in own]
        means = [100 * row["mean_test_error"] for row in own]
        (line,) = axes.plot(batches, means, marker=marker, label=f"{norm} normalization")
        for row in own:
            for error in row["test_errors"]:
                axes.plot(row["batch_size"], 100 * error, ".", color=line.get_color(), alpha=0.5)
    axes.set_xscale("log", base=2)
    axes.set_xticks(BATCHES, map(str, BATCHES))
    axes.invert_xaxis()
    axes.set_xlabel("images in a batch")
    axes.set_ylabel("test error, %")
    axes.set_title("ResNet-20, 6,000 images of CIFAR-10, 3 epochs")
    axes.legend()
    figure.savefig(path, dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default=os.environ.get("KERASBOOK_DATA_DIR"))
    arguments = parser.parse_args()
    rows = []
    for batch in reversed(BATCHES):
        for norm in NORMS:
            runs = [run(recipe_of(norm, batch, seed), arguments.data_dir) for seed in SEEDS]
            errors, seconds = zip(*runs, strict=True)
            row = {"normalization": norm, "batch_size": batch, "test_errors": errors}
            row |= {"mean_test_error": statistics.mean(errors), "train_seconds": seconds}
            print(row, flush=True)
            rows.append(row)
            write_record("normalization", rows, recipe=recipe_of(norm, batch, 0).to_json())
    draw(rows, RECORDS / "normalization.png")


if __name__ == "__main__":
    main()
