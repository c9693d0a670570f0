"""Images per second of the input pipeline alone: CIFAR-10 read, decoded, augmented, batched.

    python benchmarks/input_pipeline.py --data_dir FOLDER

One pass over the first images of the training split in batches of 128, streamed and in memory,
without augmentation, with `shift_and_flip` and with `rand_augment`. A pass begins with a new
iterator, as an epoch does; building and tracing, which a run does once, are warmed up. The
pipeline draws each example's augmentation from its own number.

The rival is the plain way: tf.data shuffles, batches and prefetches, and augments batches with the
layers of Keras that come closest, whose RandAugment has a few other operations. In memory it
slices arrays, streamed it decodes what TFDS reads. Both give float32 images, scaled.
"""

import argparse
import itertools
import os

import keras
import tensorflow as tf
import tensorflow_datasets as tfds
from paired import compare_with_all, in_turn, write_record

from kerasbook.augmentation import get_policy
from kerasbook.serving import Preprocessing
from kerasbook.training.input import data as training_data
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.input.pipeline import SHUFFLE_BLOCK, Pipeline

BATCH = 128
POLICIES = (None, "shift_and_flip", "rand_augment")
WAYS = {"streamed": 0, "in memory": training_data.MEMORY_LIMIT}


def ours(examples, policy):
    """Returns a function that goes through the next epoch of the pipeline."""
    pipeline = Pipeline(
        examples,
        Preprocessing(32, 32, 3),
        BATCH,
        shuffle=True,
        policy=None if policy is None else get_policy(policy),
    )
    strategy, epochs = tf.distribute.get_strategy(), itertools.count()
    return lambda: go_through(pipeline.epoch(strategy, next(epochs)))


def theirs(dataset, shuffled, policy):
    """Returns a function that goes through the rival's dataset once more."""
    layers = {
        None: [],
        "shift_and_flip": [
            keras.layers.RandomTranslation(
                0.125, 0.125, fill_mode="constant", interpolation="nearest"
            ),
            keras.layers.RandomFlip("horizontal"),
        ],
        "rand_augment": [keras.layers.RandAugment(value_range=(0, 255), interpolation="nearest")],
    }[policy]

    def augment(images, labels):
        images = tf.cast(images, tf.float32)
        for layer in layers:
            images = layer(images, training=True)
        return images / 255, labels

    dataset = dataset.shuffle(shuffled).batch(BATCH)
    dataset = dataset.map(augment, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    return lambda: go_through(dataset)


def go_through(dataset):
    for _ in dataset:
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default=os.environ.get("KERASBOOK_DATA_DIR"))
    parser.add_argument("--count", type=int, default=20_000, help="images in a pass")
    parser.add_argument("--pairs", type=int, default=7)
    arguments = parser.parse_args()
    data = LabelledImages("cifar10", arguments.data_dir)
    split = f"train[:{arguments.count}]"
    rows = []
    for way, limit in WAYS.items():
        training_data.MEMORY_LIMIT = limit
        examples = data.split(split)
        if examples.fits_in_memory:
            dataset, shuffled = tf.data.Dataset.from_tensor_slices(examples.arrays), examples.count
        else:
            # The rival's streams are not cached either: they stand for datasets that are too large.
            reading = tfds.ReadConfig(try_autocache=False)
            dataset = tfds.load(
                "cifar10",
                split=split,
                data_dir=arguments.data_dir,
                as_supervised=True,
                read_config=reading,
            )
            shuffled = SHUFFLE_BLOCK
        for policy in POLICIES:
            functions = {
                "kerasbook": ours(examples, policy),
                "tf.data": theirs(dataset, shuffled, policy),
            }
            seconds = in_turn(functions, arguments.pairs, warmup=1)
            row = compare_with_all(f"{way}, {policy or 'no augmentation'}", seconds)
            row["images"] = examples.count
            row["images_per_second"] = round(examples.count / row["kerasbook_ms"] * 1e3)
            print(f"{row['images_per_second']:,} images/s")
            rows.append(row)
    write_record("input_pipeline", rows)


if __name__ == "__main__":
    main()
