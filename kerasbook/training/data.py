"""Datasets by name or folder: the embedded digits, TFDS, or an ordinary TFDS folder."""

import dataclasses
import functools
import pathlib
import re

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasbook import registry
from kerasbook.data import DIGITS

# Decoded images up to this size are kept in memory; larger datasets are read anew each epoch.
MEMORY_LIMIT = 2**31


@dataclasses.dataclass(frozen=True)
class Examples:
    """One split of a dataset of labelled images, in its own fixed order.

    Attributes:
        dataset: `tf.data.Dataset` of (image uint8, label int64).
        count: Number of examples.
        image_shape: `(height, width, channels)`; height and width may be `None`.
        name: What messages call it.
    """

    dataset: tf.data.Dataset
    count: int
    image_shape: tuple
    name: str = "The split"

    @functools.cached_property
    def fits_in_memory(self):
        """Whether the decoded images have one shape and are small enough to keep."""
        return None not in self.image_shape and (
            self.count * np.prod(self.image_shape) <= MEMORY_LIMIT
        )

    @functools.cached_property
    def arrays(self):
        """Images `(count, height, width, channels)` uint8 and labels `(count,)`, read once."""
        images = np.empty((self.count, *self.image_shape), "uint8")
        labels = np.empty(self.count, "int64")
        start = 0
        try:
            for batch, batch_labels in self.dataset.batch(1024).prefetch(2).as_numpy_iterator():
                images[start : start + len(batch)] = batch
                labels[start : start + len(batch)] = batch_labels
                start += len(batch)
        except tf.errors.OpError as error:
            reason = re.sub(r"\{\{.*?\}\}", "", error.message).strip().splitlines()[0]
            raise ValueError(
                f"{self.name} cannot be read between examples {start} and {start + 1024}: {reason}"
            ) from error
        if start != self.count:
            raise ValueError(f"{self.name} must hold {self.count} examples. Received: {start}")
        return images, labels


class LabelledImages:
    """A dataset whose examples have an `image` and a class `label`.

    Args:
        name: `"digits"`, the name of a TFDS dataset, or a folder in TFDS format.
        data_dir: Folder of prepared TFDS datasets; `None` takes TFDS' own. Datasets that are not
            there are downloaded by TFDS.

    Attributes:
        class_names: Names of the classes in order.
        image_shape: `(height, width, channels)`; height and width are `None` where they vary.

    Raises:
        ValueError: If the dataset is unknown (the message lists the nearest names) or holds no
            labelled images.
        FileNotFoundError: If `data_dir` is no folder.
    """

    def __init__(self, name, data_dir=None):
        self.name = name
        self._builder = _open(name, data_dir)
        features = self._builder.info.features
        features = dict(features.items()) if hasattr(features, "items") else {}
        image, label = features.get("image"), features.get("label")
        if not isinstance(image, tfds.features.Image) or not isinstance(
            label, tfds.features.ClassLabel
        ):
            raise ValueError(
                "`dataset` must have the features `image` and `label` (a class). "
                f"Received: dataset={name!r} with {sorted(features)}"
            )
        self.class_names = list(label.names)
        self.image_shape = tuple(image.shape)

    def split(self, split, max_examples=None):
        """Returns the `Examples` of a TFDS split such as `"train"` or `"train[:1000]"`.

        Raises:
            ValueError: If there is no such split.
        """
        try:
            count = self._builder.info.splits[split].num_examples
        except (KeyError, ValueError) as error:
            known = ", ".join(self._builder.info.splits)
            raise ValueError(
                f"`split` must be one of {known}, or a part such as 'train[:1000]'. "
                f"Received: split={split!r} of {self.name!r}"
            ) from error
        if count <= 0:
            raise ValueError(
                f"`split` must not be empty. Received: split={split!r} of {self.name!r}"
            )
        dataset = self._builder.as_dataset(split=split, as_supervised=False, shuffle_files=False)
        dataset = dataset.map(
            lambda example: (example["image"], tf.cast(example["label"], tf.int64)),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        if max_examples is not None:
            count = min(count, max_examples)
            dataset = dataset.take(count)
        return Examples(dataset, count, self.image_shape, f"The split {split!r} of {self.name!r}")

    def segments(self, split):
        """Returns what a TFDS split is made of: triples (name, first, after the last)."""
        splits = self._builder.info.splits
        parts = tfds.core.ReadInstruction.from_spec(split).to_absolute(splits)
        return [
            (
                part.splitname,
                part.from_ or 0,
                splits[part.splitname].num_examples if part.to is None else part.to,
            )
            for part in parts
        ]


def read_images(name, data_dir=None, *, first=0, count=1):
    """Returns images of a dataset's first split, whatever else its examples hold.

    Args:
        name: As in `LabelledImages`.
        data_dir: As in `LabelledImages`.
        first: Number of the first image, from 0.
        count: Number of images; fewer are returned where the split ends.

    Raises:
        ValueError: If the dataset is unknown, or its examples have no `image`, or `first` is
            not below their number.
        FileNotFoundError: If `data_dir` is no folder.
    """
    builder = _open(name, data_dir)
    splits = builder.info.splits
    split = "train" if "train" in splits else next(iter(splits))
    total = splits[split].num_examples
    if "image" not in builder.info.features:
        raise ValueError(
            f"`dataset` must have the feature `image`. Received: dataset={name!r} with "
            f"{sorted(builder.info.features)}"
        )
    if not 0 <= first < total:
        raise ValueError(f"`index` must be in [0, {total}). Received: index={first}")
    part = f"{split}[{first}:{min(first + count, total)}]"
    dataset = builder.as_dataset(split=part, shuffle_files=False)
    return [example["image"] for example in dataset.as_numpy_iterator()]


def list_datasets(data_dir=None):
    """Returns the names of the datasets: the embedded one, those in `data_dir`, and TFDS'."""
    here = []
    if data_dir is not None:
        _check_data_dir(data_dir)
        here = [f.parent.parent.name for f in pathlib.Path(data_dir).glob("*/*/dataset_info.json")]
    return sorted({"digits", *here, *tfds.list_builders(with_community_datasets=False)})


def _check_data_dir(data_dir):
    if not pathlib.Path(data_dir).is_dir():
        raise FileNotFoundError(
            f"`data_dir` must be a folder. Received: data_dir={str(data_dir)!r}"
        )


def _open(name, data_dir):
    if data_dir is not None:
        _check_data_dir(data_dir)
    if name == "digits":
        return tfds.builder_from_directory(DIGITS)
    if "/" in name or name.startswith("."):
        folder = pathlib.Path(name).expanduser()
        if folder.is_dir():
            return _open_folder(folder)
        if name.startswith(("/", ".", "~")):
            raise FileNotFoundError(
                f"`dataset` must be a name or a folder. Received: dataset={name!r}"
            )
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except (tfds.core.DatasetNotFoundError, ImportError, ValueError, AssertionError) as error:
        raise ValueError(registry.unknown("dataset", name, list_datasets(data_dir))) from error
    if not pathlib.Path(builder.data_dir).is_dir():
        try:
            builder.download_and_prepare()
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ValueError(
                f"`dataset` must be prepared or downloadable. Received: dataset={name!r}, not in "
                f"{builder.data_dir}, and the download failed: {reason}"
            ) from error
    return builder


def _open_folder(folder):
    """Opens a TFDS folder: the one that holds `dataset_info.json`, or one above its versions."""
    files = [folder / "dataset_info.json", *sorted(folder.glob("*/dataset_info.json"))]
    found = [file.parent for file in files if file.is_file()]
    if not found:
        raise FileNotFoundError(
            "`dataset` must be a folder in TFDS format, with a dataset_info.json. "
            f"Received: dataset={str(folder)!r}"
        )
    return tfds.builder_from_directory(found[-1])
