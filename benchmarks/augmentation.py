"""Images that RandAugment and AutoAugment give in a second, on all cores, beside their rivals.

    python benchmarks/augmentation.py --data_dir FOLDER [--peers] [--rounds N]

The images are photographs, already decoded: CamVid's streets at 224 px, CIFAR-10 at 32 px. Layers
of Keras, KerasCV and ours run in `Dataset.map` on batches of 64 (Keras' at 224 px on batches of 8,
with which it is no slower), torchvision, timm and Albumentations as `augmentation_peers.py` says.
In each round all have a turn, and the next round begins with another one. A peer that is not
installed is left out. The limit, which has its turn as well, reads and writes each image twice
and does nothing else. With `--peers`, ours is left out as well and no record is written.
"""

import argparse
import os
import pathlib
import tempfile
import time

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from augmentation_peers import AUGMENTATIONS, MODULES, POLICIES, Workers, installed
from paired import turns, write_record

COUNT = 256
BATCH = 64
TURN, WARMUP, REST = 2.5, 0.5, 0.1  # seconds
SOURCES = {
    32: "CIFAR-10, test",
    224: "CamVid, train, 180 x 240 scaled to 224 px high, cropped in the middle",
}
PEERS = ("torch", "torchvision", "timm", "keras-cv", "albumentations", "opencv-python-headless")


def images(data_dir):
    """Returns uint8 images `(COUNT, side, side, 3)` by side."""

    def crop(image):
        image = tf.image.resize(image, (224, 299), antialias=True)
        return tf.cast(tf.round(tf.image.resize_with_crop_or_pad(image, 224, 224)), tf.uint8)

    def read(name, split):
        dataset = tfds.builder(name, data_dir=data_dir).as_dataset(split=split)
        return dataset.map(lambda example: example["image"]).take(COUNT)

    datasets = {32: read("cifar10", "test"), 224: read("camvid", "train").map(crop)}
    return {side: np.stack(list(found.as_numpy_iterator())) for side, found in datasets.items()}


def ours(side):
    """Returns kerasbook's layers by name."""
    from kerasbook.augmentation import AutoAugment, RandAugment

    return {
        "RandAugment": RandAugment(num_operations=2, level=9),
        "AutoAugment": AutoAugment(POLICIES[side]),
    }


def layers_of_peers():
    """Returns the layers of Keras and KerasCV; neither has AutoAugment."""
    import keras

    found = {
        "Keras": keras.layers.RandAugment(num_ops=2, factor=0.9, interpolation="nearest"),
    }
    if installed("keras_cv"):
        import keras_cv

        found["KerasCV"] = keras_cv.layers.RandAugment(
            (0, 255), augmentations_per_image=2, magnitude=0.9
        )
    return found


class Limit:
    """One read and one write of each image for each of two operations, and nothing else."""

    def __init__(self):
        self.invert = tf.function(lambda images: 255 - images, jit_compile=True)

    def __call__(self, images, training):
        return self.invert(self.invert(images))


def stream(layer, dataset, examples):
    """Returns a function that maps a layer over batches and returns examples per second."""
    dataset = dataset.repeat().map(
        lambda batch: layer(batch, training=True), num_parallel_calls=tf.data.AUTOTUNE
    )
    dataset = dataset.prefetch(tf.data.AUTOTUNE)

    def rate():
        iterator = iter(dataset)  # anew, so that none works on while others have their turn
        take(iterator, WARMUP)
        count, seconds = take(iterator, TURN)
        return count * examples / seconds

    return rate


def batches(arrays, size):
    return tf.data.Dataset.from_tensor_slices(arrays.reshape(-1, size, *arrays.shape[1:]))


def take(iterator, least):
    """Takes batches for some seconds, two at least; returns their number and the time."""
    count, start = 0, time.perf_counter()
    while count < 2 or time.perf_counter() - start < least:
        next(iterator)
        count += 1
    return count, time.perf_counter() - start


def process(workers, rival):
    """Returns a function that runs a rival in the workers and returns images per second."""
    workers.rate(rival, BATCH)
    count = int(workers.rate(rival, BATCH) * TURN / len(os.sched_getaffinity(0)))
    return lambda: workers.rate(rival, count)


def measure(functions, rounds):
    """Returns an array of images per second for each function, from `rounds` rounds."""
    rates = {name: [] for name in functions}
    for name in turns(functions, rounds):
        time.sleep(REST)
        rates[name].append(functions[name]())
    return {name: np.array(found) for name, found in rates.items()}


def row(augmentation, side, rates):
    """Returns a row of the record, and prints it."""
    medians = {name: round(float(np.median(found)), 1) for name, found in rates.items()}
    found = {
        "name": augmentation,
        "image_size": side,
        "policy": POLICIES[side] if augmentation == "AutoAugment" else None,
        "images": SOURCES[side],
        "kerasbook_images_per_second": medians.pop("kerasbook", None),
        "limit_images_per_second": medians.pop("limit", None),
        "rounds": len(next(iter(rates.values()))),
        "rivals": {name: {"images_per_second": median} for name, median in medians.items()},
    }
    if "kerasbook" in rates:
        share = np.median(rates["kerasbook"] / rates["limit"])
        found["percent_of_limit"] = round(100 * float(share), 1)
    for name, rival in found["rivals"].items():
        if "kerasbook" in rates:
            ratios = rates["kerasbook"] / rates[name]
            quartiles = np.quantile(ratios, (0.25, 0.75))
            rival["times_faster"] = round(float(np.median(ratios)), 2)
            rival["times_faster_quartiles"] = [round(float(q), 2) for q in quartiles]
    print(f"{augmentation}, {side} px, {found['kerasbook_images_per_second']} images/s")
    for name, rival in found["rivals"].items():
        print(f"    {name:24} {rival}", flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default=os.environ.get("KERASBOOK_DATA_DIR"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", action="store_true", help="only the rivals, without a record")
    arguments = parser.parse_args()
    for module in ("keras_cv", *MODULES):
        if not installed(module):
            print(f"{module} is not installed and is left out")
    arrays = images(arguments.data_dir)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for side, found in arrays.items():
            np.save(pathlib.Path(folder) / f"{side}.npy", found)
        with Workers(folder) as workers:
            for side, found in arrays.items():
                for augmentation in AUGMENTATIONS:
                    functions = {}
                    if not arguments.peers:
                        for name, layer in (
                            ("kerasbook", ours(side)[augmentation]),
                            ("limit", Limit()),
                        ):
                            functions[name] = stream(layer, batches(found, BATCH), BATCH)
                    if augmentation == "RandAugment":
                        for name, layer in layers_of_peers().items():
                            size = 8 if name == "Keras" and side == 224 else BATCH
                            functions[name] = stream(layer, batches(found, size), size)
                    for rival in workers.rivals:
                        if rival[:2] == (side, augmentation):
                            functions[rival[2]] = process(workers, rival)
                    for function in functions.values():
                        function()  # compiles, and fills the caches
                    rows.append(row(augmentation, side, measure(functions, arguments.rounds)))
    if not arguments.peers:
        write_record(
            "augmentation", rows, packages=PEERS, command="python benchmarks/augmentation.py"
        )


if __name__ == "__main__":
    main()
