"""The embedded data: `digits`, 1,797 handwritten ones in a TFDS folder, and the table `iris`."""

import csv
import pathlib

import numpy as np

DIGITS = pathlib.Path(__file__).parent / "digits" / "1.0.0"
IRIS = pathlib.Path(__file__).parent / "iris" / "iris.csv"


def read_digits(split="train", count=None):
    """Reads the embedded digits.

    Args:
        split: `"train"` (1,259 images), `"validation"` (181) or `"test"` (357).
        count: How many to read, from the first; `None` reads all.

    Returns:
        Images `(count, 8, 8, 1)` uint8 in [0, 255], and labels `(count,)` int64 in [0, 9].
    """
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(DIGITS)
    dataset = builder.as_dataset(split=split, as_supervised=True)
    pairs = list(tfds.as_numpy(dataset.take(-1 if count is None else count)))
    images, labels = zip(*pairs, strict=True)
    return np.stack(images), np.array(labels, "int64")


def read_iris():
    """Reads the embedded table of iris flowers.

    Returns:
        Lengths and widths of sepals and petals in centimetres `(150, 4)` float32, labels `(150,)`
        int64 in [0, 2], and the names of the three species.
    """
    with IRIS.open(newline="") as file:
        _, *rows = csv.reader(file)
    names = sorted({row[-1] for row in rows})
    features = np.array([row[:-1] for row in rows], "float32")
    return features, np.array([names.index(row[-1]) for row in rows], "int64"), names
