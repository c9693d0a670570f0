"""The embedded dataset `digits`, an ordinary TFDS folder: 1,797 handwritten digits, 8 x 8."""

import pathlib

import numpy as np

DIGITS = pathlib.Path(__file__).parent / "digits" / "1.0.0"


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
