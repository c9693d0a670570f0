"""What MixUp and CutMix of a batch cost in the input pipeline, beside a train step of ResNet-18.

python benchmarks/mixing.py

A batch of 128 float32 images stays in memory (noise: neither minds what they show). The layer runs
in `Dataset.map` and has all cores for itself, and so has the step, which is compiled and trains on
images of the same size. What one takes is set against what the other takes in the same round.
"""

import itertools

import keras
import numpy as np
import tensorflow as tf
from augmentation import TURN, measure, stream, take
from paired import write_record

from kerasbook.applications import ResNet18
from kerasbook.augmentation import CutMix, MixUp

BATCH, CLASSES = 128, 10
ROUNDS = {32: 9, 224: 3}  # by the side of the images in pixels


def batch_of(side):
    generator = np.random.default_rng(0)
    images = generator.uniform(0, 255, (BATCH, side, side, 3)).astype("float32")
    labels = np.eye(CLASSES, dtype="float32")[generator.integers(CLASSES, size=BATCH)]
    return {"images": tf.constant(images), "labels": tf.constant(labels)}


def train(batch):
    """Returns a function that trains for a while and returns steps per second."""
    shape = batch["images"].shape[1:]
    model = ResNet18(input_shape=tuple(shape), classes=CLASSES, weights=None)
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
    model.compile(optimizer, "categorical_crossentropy", jit_compile=False)

    def rate():
        steps = (model.train_on_batch(batch["images"], batch["labels"]) for _ in itertools.count())
        count, seconds = take(steps, TURN)
        return count / seconds

    return rate


def main():
    rows = []
    for side, rounds in ROUNDS.items():
        batch = batch_of(side)
        layers = {"MixUp(alpha=0.2)": MixUp(alpha=0.2), "CutMix(alpha=1.0)": CutMix(alpha=1.0)}
        functions = {
            name: stream(layer, tf.data.Dataset.from_tensors(batch), 1)
            for name, layer in layers.items()
        }
        functions["step"] = train(batch)
        for function in functions.values():
            function()  # compiles
        rates = measure(functions, rounds)
        for name in layers:
            row = {
                "name": name,
                "input_shape": list(batch["images"].shape),
                "milliseconds": round(float(np.median(1e3 / rates[name])), 3),
                "step_milliseconds": round(float(np.median(1e3 / rates["step"])), 1),
                "percent_of_step": round(float(np.median(rates["step"] / rates[name])) * 100, 3),
                "rounds": rounds,
            }
            print(row, flush=True)
            rows.append(row)
    write_record("mixing", rows, command="python benchmarks/mixing.py")


if __name__ == "__main__":
    main()
