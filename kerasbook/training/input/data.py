"""Datasets by name or folder: the embedded digits, TFDS, or an ordinary TFDS folder."""

import contextlib
import dataclasses
import functools
import os
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasbook import registry
from kerasbook.data import DIGITS
from kerasbook.training.input import reading
from kerasbook.training.input.fingerprint import fingerprint

# What TensorFlow raises where files are damaged, too short or gone, or images cannot be decoded.
READING_ERRORS = (
    tf.errors.DataLossError,
    tf.errors.FailedPreconditionError,
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
)
# Decoded images up to this size are kept in memory; larger datasets are read anew each epoch.
MEMORY_LIMIT = 2**31


@dataclasses.dataclass(frozen=True)
class Examples:
    """One split of a dataset of labelled images, in its own fixed order.

    Attributes:
        dataset: `tf.data.Dataset` of (image uint8, label int64), without those that are left out.
        count: Number of examples, without those that are left out.
        image_shape: `(height, width, channels)`; height and width may be `None`.
        name: What messages call it.
        bad: The examples that are left out, see `kerasbook.training.input.reading.Bad`.
        indices: The number of each example in the split as it was before, ascending int64, or
            `None` where none is left out.
        chunks: `tf.data.Dataset` of the same examples in batches of any size, which is quicker to
            read once, or `None`.
        inspect: Function without arguments that finds the first bad examples and returns a line
            about them, or `None` if it finds none. It reads the split from its beginning.
    """

    dataset: tf.data.Dataset
    count: int
    image_shape: tuple[int | None, ...]
    name: str = "The split"
    bad: tuple[reading.Bad, ...] = ()
    indices: np.ndarray | None = None
    chunks: tf.data.Dataset | None = None
    inspect: Callable[[], str | None] = lambda: None

    @functools.cached_property
    def fits_in_memory(self) -> bool:
        """Whether the decoded images have one shape and are small enough to keep."""
        return None not in self.image_shape and (
            self.count * np.prod(self.image_shape) <= MEMORY_LIMIT
        )

    @functools.cached_property
    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Images `(count, height, width, channels)` uint8 and labels `(count,)`, read once.

        Raises:
            ValueError: If an example cannot be read; the message names it.
        """
        images = np.empty((self.count, *self.image_shape), "uint8")
        labels = np.empty(self.count, "int64")
        start = 0
        chunks = self.dataset.batch(1024).prefetch(2) if self.chunks is None else self.chunks
        with self.explained():
            for batch, batch_labels in chunks.as_numpy_iterator():
                images[start : start + len(batch)] = batch
                labels[start : start + len(batch)] = batch_labels
                start += len(batch)
        if start != self.count:
            raise ValueError(f"{self.name} must hold {self.count} examples. Received: {start}")
        return images, labels

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turns errors that come from reading into a `ValueError` that names the bad examples."""
        try:
            yield
        except READING_ERRORS as error:
            line = self.inspect()
            if line is None:
                raise
            raise ValueError(line) from error


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

    def __init__(self, name: str, data_dir: str | os.PathLike[str] | None = None) -> None:
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

    def split(
        self, split: str, max_examples: int | None = None, max_bad: float | str = 0.0
    ) -> Examples:
        """Returns the `Examples` of a TFDS split such as `"train"` or `"train[:1000]"`.

        Args:
            split: The split.
            max_examples: Takes only the first examples, so many; `None` takes all.
            max_bad: Share of the examples that may be left out because they cannot be read, in
                [0, 1). With 0 the first that is met is an error. With more the split is read
                and decoded once right away, so that its number of examples is exact.

        Raises:
            ValueError: If there is no such split, or more of its examples are bad.
        """
        max_bad = reading.parse_share(max_bad)
        total = self._number_of(split)
        dataset = self._builder.as_dataset(
            split=split, shuffle_files=False, read_config=tfds.ReadConfig(**reading.READ)
        )
        dataset = dataset.map(
            lambda example: (example["image"], tf.cast(example["label"], tf.int64)),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        if max_examples is not None:
            total = min(total, max_examples)
            dataset = dataset.take(total)
        name = f"The split {split!r} of {self.name!r}"

        def inspect() -> str | None:
            try:
                inspected = reading.inspect(self._builder, split, total, allowed=0)
            except tf.errors.OpError as error:
                return f"{name} cannot be read: {reading.first_line(error)}"
            return reading.describe(name, inspected, total, max_bad) if inspected.bad else None

        chunks = None
        if None not in self.image_shape:
            chunks = reading.chunks(self._builder, split, total, self.image_shape)
        examples = Examples(dataset, total, self.image_shape, name, chunks=chunks, inspect=inspect)
        return self._without_bad(examples, split, max_bad) if max_bad else examples

    def fingerprint(self, *splits: str) -> dict[str, Any]:
        """Returns the fingerprint of what some splits read, see `fingerprint.fingerprint`.

        Raises:
            ValueError: If there is no such split.
        """
        for split in splits:
            self._number_of(split)
        return fingerprint(self._builder, splits)

    def _number_of(self, split: str) -> int:
        """Returns the number of examples of a split, which must be there and hold some."""
        try:
            total = self._builder.info.splits[split].num_examples
        except (KeyError, ValueError) as error:
            known = ", ".join(self._builder.info.splits)
            raise ValueError(
                f"`split` must be one of {known}, or a part such as 'train[:1000]'. "
                f"Received: split={split!r} of {self.name!r}"
            ) from error
        if total <= 0:
            raise ValueError(
                f"`split` must not be empty. Received: split={split!r} of {self.name!r}"
            )
        return total

    def _without_bad(self, examples: Examples, split: str, max_bad: float) -> Examples:
        """Reads all examples and leaves out those that cannot be read, if they are few enough."""
        if _is_whole(examples):
            return examples
        total = examples.count
        allowed = int(max_bad * total)
        inspected = reading.inspect(self._builder, split, total, allowed)
        if len(inspected.bad) > allowed:
            raise ValueError(reading.describe(examples.name, inspected, total, max_bad))
        return dataclasses.replace(
            examples,
            dataset=inspected.dataset,
            chunks=None,
            count=len(inspected.indices),
            bad=inspected.bad,
            indices=inspected.indices if inspected.bad else None,
        )

    def segments(self, split: str) -> list[tuple[str, int, int]]:
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


def _is_whole(examples: Examples) -> bool:
    try:
        if examples.fits_in_memory:
            return len(examples.arrays) == 2
        labels = examples.dataset.map(lambda image, label: label).batch(1024)
        return examples.count == sum(len(batch) for batch in labels)
    except (ValueError, tf.errors.OpError):
        return False


def read_images(
    name: str, data_dir: str | os.PathLike[str] | None = None, *, first: int = 0, count: int = 1
) -> list[np.ndarray]:
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


def list_datasets(data_dir: str | os.PathLike[str] | None = None) -> list[str]:
    """Returns the names of the datasets: the embedded one, those in `data_dir`, and TFDS'."""
    here = []
    if data_dir is not None:
        _check_data_dir(data_dir)
        here = [f.parent.parent.name for f in pathlib.Path(data_dir).glob("*/*/dataset_info.json")]
    return sorted({"digits", *here, *tfds.list_builders(with_community_datasets=False)})


def _check_data_dir(data_dir: str | os.PathLike[str]) -> None:
    if not pathlib.Path(data_dir).is_dir():
        raise FileNotFoundError(
            f"`data_dir` must be a folder. Received: data_dir={str(data_dir)!r}"
        )


def _open(name: str, data_dir: str | os.PathLike[str] | None) -> tfds.core.DatasetBuilder:
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


def _open_folder(folder: pathlib.Path) -> tfds.core.DatasetBuilder:
    """Opens a TFDS folder: the one that holds `dataset_info.json`, or one above its versions."""
    files = [folder / "dataset_info.json", *sorted(folder.glob("*/dataset_info.json"))]
    found = [file.parent for file in files if file.is_file()]
    if not found:
        raise FileNotFoundError(
            "`dataset` must be a folder in TFDS format, with a dataset_info.json. "
            f"Received: dataset={str(folder)!r}"
        )
    return tfds.builder_from_directory(found[-1])
