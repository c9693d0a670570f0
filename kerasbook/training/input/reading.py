"""What of a split can be read: damaged examples are found, named, and left out.

Two kinds of damage are told apart: images that cannot be decoded, and records of a TFRecord file
whose checksum is wrong, or that are not there because the file ends too early. A record with a
wrong checksum is lost alone. Where the length of a record is damaged, so that nobody knows where
the next begins, the rest of its file is lost.

A split is inspected once, before it is used, by reading and decoding all of it. What is left is a
split like any other: its number of examples is exact, and each keeps its number in the whole.
"""

import contextlib
import dataclasses
import functools
import itertools
import pathlib
import re
import shutil
import struct
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

# So many bad examples are named in a message.
NAMED = 3
# TFDS would keep the decoded images of small files in a cache, beside the copy that we keep.
READ = {"try_autocache": False}
# A record of a TFRecord file: the length of its content in 8 bytes, a checksum of that in 4, the
# content, and its checksum in 4.
HEADER, FRAME = 12, 16


@dataclasses.dataclass(frozen=True)
class Bad:
    """An example that cannot be read.

    Attributes:
        index: Its number within the split, from 0.
        file: Name of its file.
        record: Its number within the file, from 0.
        reason: Why it cannot be read; of one that is not named in messages, maybe `None`.
    """

    index: int
    file: str
    record: int
    reason: str | None = None

    def __str__(self) -> str:
        return f"example {self.index} ({self.file}, record {self.record}): {self.reason}"


@dataclasses.dataclass(frozen=True)
class Inspected:
    """What of a split can be read.

    Attributes:
        dataset: `tf.data.Dataset` of (image uint8, label int64), the good ones in their order.
        indices: Their numbers within the split, int64, ascending.
        bad: The `Bad` examples, ascending; the first of them have a reason.
        complete: Whether the inspection came to the end of the split.
    """

    dataset: tf.data.Dataset
    indices: np.ndarray
    bad: tuple[Bad, ...]
    complete: bool


@tf.autograph.experimental.do_not_convert
def chunks(
    builder: tfds.core.DatasetBuilder, split: str, count: int, image_shape: tuple[int, ...]
) -> tf.data.Dataset | None:
    """Returns the first examples of a split, decoded many at a time.

    TFDS handles each example by itself, which takes twice as long as decoding a small image.

    Args:
        builder: TFDS builder of a dataset with the features `image` and `label`.
        split: TFDS split.
        count: Number of examples.
        image_shape: Shape of all its images.

    Returns:
        `tf.data.Dataset` of batches of images (uint8) and labels (int64), in the split's order;
        `None` where its files are of another format than TFRecord.
    """
    if builder.info.file_format is not tfds.core.FileFormat.TFRECORD:
        return None
    features = builder.info.features
    spec = tf.TensorSpec(image_shape, tf.uint8), tf.TensorSpec((), tf.int64)

    def decode_one(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        example = features.deserialize_example(record)
        return example["image"], tf.cast(example["label"], tf.int64)

    records = [
        tf.data.TFRecordDataset(part.filename).skip(part.skip).take(part.take)
        for part in builder.info.splits[split].file_instructions
    ]
    together = functools.reduce(lambda one, other: one.concatenate(other), records)
    return (
        together.take(count)
        .batch(1024)
        .map(
            lambda batch: tf.map_fn(decode_one, batch, fn_output_signature=spec),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        .prefetch(2)
    )


def parse_share(value: float | str, argument: str = "max_bad") -> float:
    """Returns a share in [0, 1) as a float: of a number, or of text such as `"0.1%"` or `"0.001"`.

    Raises:
        ValueError: If it is none.
    """
    text = str(value).strip()
    try:
        share = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise ValueError(
            f"`{argument}` must be a share of the examples in [0, 1), such as 0.001 or 0.1%. "
            f"Received: {argument}={value!r}"
        )
    return share


def first_line(error: Exception) -> str:
    """Returns what an error of TensorFlow says, without its nodes, in one line."""
    text = re.sub(r"\{\{.*?\}\}", "", getattr(error, "message", str(error))).strip()
    return (text or type(error).__name__).splitlines()[0]


def inspect(
    builder: tfds.core.DatasetBuilder, split: str, count: int, allowed: int | None = None
) -> Inspected:
    """Reads and decodes every example of a split and finds those that cannot be.

    Args:
        builder: TFDS builder of a dataset with the features `image` and `label`.
        split: TFDS split.
        count: How many of its examples are looked at, from the first.
        allowed: Number of bad examples that matters: once there are more, and enough to name, the
            inspection ends. `None` looks at all.

    Returns:
        An `Inspected`.

    Raises:
        ValueError: If no record can be read.
        tf.errors.OpError: If the examples cannot be read for another reason.
    """
    builder, lost, folder = _repaired(builder, split)
    with _without_warnings():
        raw = builder.as_dataset(
            split=split,
            shuffle_files=False,
            decoders={"image": tfds.decode.SkipDecoding()},
            read_config=tfds.ReadConfig(add_tfds_id=True, **READ),
        )
    raw = raw.take(count).enumerate()
    if folder:
        # What is made of this dataset holds on to it.
        weakref.finalize(raw, shutil.rmtree, folder, ignore_errors=True)
    image_feature = builder.info.features["image"]

    def decode(index: tf.Tensor, example: dict[str, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        image = tf.ensure_shape(image_feature.decode_example(example["image"]), image_feature.shape)
        return index, example["tfds_id"], image, tf.cast(example["label"], tf.int64)

    decoded = raw.map(decode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    decoded = decoded.ignore_errors().map(lambda index, identity, image, label: (index, identity))
    good, reached = np.zeros(count, bool), count
    for indices, identities in decoded.batch(1024).prefetch(2).as_numpy_iterator():
        good[indices] = [identity.decode() not in lost for identity in identities]
        if allowed is not None and np.sum(~good[: indices[-1] + 1]) >= allowed + NAMED:
            reached = int(indices[-1]) + 1
            break
    is_good = tf.constant(good)
    kept = raw.filter(lambda index, example: is_good[index])
    kept = kept.map(decode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return Inspected(
        kept.map(lambda index, identity, image, label: (image, label)),
        np.flatnonzero(good),
        _bad(raw.take(reached).filter(lambda index, example: ~is_good[index]), lost, decode),
        reached == count,
    )


def describe(name: str, inspected: Inspected, total: int, max_bad: float) -> str:
    """Returns one line that says how many examples of a split are bad, and which first."""
    bad = inspected.bad
    number = str(len(bad)) if inspected.complete else f"at least {len(bad)}"
    named = "; ".join(map(str, bad[:NAMED]))
    more = "; ..." if len(bad) > NAMED else ""
    return (
        f"{name} holds {number} bad of {total} examples, where max_bad={max_bad:g} allows "
        f"{int(max_bad * total)}: {named}{more}"
    )


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Keeps TensorFlow from warning of functions that TFDS should no longer use."""
    logger = tf.get_logger()
    before = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(before)


def _bad(
    examples: tf.data.Dataset, lost: dict[str, str], decode: Callable[..., Any]
) -> tuple[Bad, ...]:
    """Returns the `Bad` of examples that are known to be."""
    bad: list[Bad] = []
    for index, example in examples:
        identity = example["tfds_id"].numpy().decode()
        reason = lost.get(identity)
        if reason is None and len(bad) < NAMED:
            try:
                decode(index, example)
            except (tf.errors.OpError, ValueError) as error:
                reason = first_line(error)
        file, _, record = identity.rpartition("__")
        bad.append(Bad(int(index), file, int(record), reason))
    return tuple(bad)


def _repaired(
    builder: tfds.core.DatasetBuilder, split: str
) -> tuple[tfds.core.DatasetBuilder, dict[str, str], pathlib.Path | None]:
    """Puts a good record in the place of each that is lost.

    Returns:
        A builder that reads without errors, the reasons of the lost records by their TFDS identity,
        and the folder that the builder reads, which is to be removed, or `None`.
    """
    if builder.info.file_format != tfds.core.FileFormat.TFRECORD:
        return builder, {}, None
    files = {
        pathlib.Path(instruction.filename): instruction.examples_in_shard
        for instruction in builder.info.splits[split].file_instructions
    }
    damaged = {file: count for file, count in files.items() if not _reads_well(file, count)}
    if not damaged:
        return builder, {}, None
    contents, lost = {}, {}  # type: dict[pathlib.Path, list[bytes | None]], dict[str, str]
    for file, count in damaged.items():
        contents[file], reasons = _salvage(file, count)
        lost |= {f"{file.name}__{record}": reason for record, reason in reasons.items()}
    stand_in = _any_record(contents, [file for file in files if file not in damaged])
    if stand_in is None:
        raise ValueError(
            f"`split` must hold a record that can be read. Received: split={split!r} of "
            f"{builder.name!r}, where {next(iter(lost.values()))}"
        )
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kerasbook-"))
    try:
        for file, bodies in contents.items():
            _write(folder / file.name, [stand_in if body is None else body for body in bodies])
        for file in pathlib.Path(builder.data_dir).iterdir():
            if not (folder / file.name).exists():
                (folder / file.name).symlink_to(file.resolve())
        return tfds.builder_from_directory(folder), lost, folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _reads_well(file: pathlib.Path, count: int) -> bool:
    try:
        return count == sum(len(batch) for batch in tf.data.TFRecordDataset(file).batch(1024))
    except tf.errors.OpError:
        return False


def _any_record(
    contents: dict[pathlib.Path, list[bytes | None]], files: Iterable[pathlib.Path]
) -> bytes | None:
    for bodies in contents.values():
        for body in bodies:
            if body is not None:
                return body
    for file in files:
        for record in tf.data.TFRecordDataset(file).take(1).as_numpy_iterator():
            return record
    return None


def _salvage(file: pathlib.Path, count: int) -> tuple[list[bytes | None], dict[int, str]]:
    """Returns the contents of a file's records, `None` for lost ones, and the reasons of these."""
    content = file.read_bytes() if file.is_file() else b""
    bodies, starts = [], [0]  # type: list[bytes | None], list[int]
    while len(bodies) < count and starts[-1] + HEADER <= len(content):
        [length] = struct.unpack_from("<Q", content, starts[-1])
        end = starts[-1] + FRAME + length
        if end > len(content):
            break
        bodies.append(content[starts[-1] + HEADER : end - FRAME + HEADER])
        starts.append(end)
    # Writing computes checksums: records that come out as they were are whole.
    with tempfile.TemporaryDirectory(prefix="kerasbook-") as folder:
        copy = pathlib.Path(folder) / file.name
        _write(copy, bodies)  # type: ignore[arg-type]  # none is lost yet
        written = copy.read_bytes()
    reasons = {}
    for i, (start, end) in enumerate(itertools.pairwise(starts)):
        if content[start:end] != written[start:end]:
            bodies[i], reasons[i] = None, "the checksum of the record is wrong"
    for i in range(len(bodies), count):
        reasons[i] = "the file ends before it, or the length of a record before it is wrong"
        if not file.is_file():
            reasons[i] = "the file is missing"
    return bodies + [None] * (count - len(bodies)), reasons


def _write(file: pathlib.Path, records: Iterable[bytes]) -> None:
    with tf.io.TFRecordWriter(str(file)) as writer:
        for record in records:
            writer.write(record)
