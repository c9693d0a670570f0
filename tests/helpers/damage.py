"""The embedded digits with damaged bytes, for tests of what becomes of them."""

import shutil
import struct

import numpy as np
import tensorflow as tf

from kerasbook.data import DIGITS


def record_file(folder, split):
    return folder / f"digits-{split}.tfrecord-00000-of-00001"


def records_of(file):
    """Returns the start of each record and its content, by the format's definition."""
    content, start, found = file.read_bytes(), 0, []
    while start < len(content):
        [length] = struct.unpack_from("<Q", content, start)
        found.append((start, content[start + 12 : start + 12 + length]))
        start += length + 16
    return found


def damaged_digits(
    folder, split="train", *, images=(), sizes=(), checksums=(), lengths=(), missing=0
):
    """Copies the digits to a folder and damages examples of a split.

    Args:
        folder: The folder to make.
        split: The split.
        images: Numbers of examples whose images become no images.
        sizes: Numbers of examples whose images become larger than they should be.
        checksums: Numbers of examples of which a bit is flipped.
        lengths: Numbers of examples in whose records a bit of the length is flipped.
        missing: So many bytes are cut off at the end.

    Returns:
        The folder.
    """
    shutil.copytree(DIGITS, folder)
    file = record_file(folder, split)
    contents = [content for _, content in records_of(file)]
    for number in images:
        contents[number] = contents[number].replace(b"\x89PNG", b"\x89QNG")
    for number in sizes:
        example = tf.train.Example.FromString(contents[number])
        png = tf.io.encode_png(np.zeros((9, 8, 1), "uint8")).numpy()
        example.features.feature["image"].bytes_list.value[0] = png
        contents[number] = example.SerializeToString()
    with tf.io.TFRecordWriter(str(file)) as writer:
        for content in contents:
            writer.write(content)
    starts = [start for start, _ in records_of(file)]
    damaged = bytearray(file.read_bytes())
    for number in checksums:
        damaged[starts[number] + 40] ^= 1
    for number in lengths:
        damaged[starts[number] + 1] ^= 128
    file.write_bytes(damaged[: len(damaged) - missing])
    return folder
