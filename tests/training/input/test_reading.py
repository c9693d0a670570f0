"""Damaged examples are found, named, counted and left out, and the others stay as they were."""

import gc

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from helpers.damage import damaged_digits

from kerasbook.data import read_digits
from kerasbook.training.input import data as data_module
from kerasbook.training.input import reading
from kerasbook.training.input.data import LabelledImages

FILE = "digits-validation.tfrecord-00000-of-00001"
CHECKSUM = "the checksum of the record is wrong"


def split(folder, name="validation", **arguments):
    return LabelledImages(str(folder)).split(name, **arguments)


def read(examples):
    """All that a stream gives."""
    images, labels = zip(*examples.dataset.as_numpy_iterator(), strict=True)
    return np.stack(images), np.array(labels)


@pytest.fixture(params=["memory", "stream"])
def either(request, monkeypatch):
    if request.param == "stream":
        monkeypatch.setattr(data_module, "MEMORY_LIMIT", 0)
    return request.param


def test_every_kind_of_damage_is_left_out_and_the_rest_is_what_it_was(either, tmp_path):
    folder = damaged_digits(
        tmp_path / "1.0.0", "validation", images=[0, 7], sizes=[20], checksums=[3, 4, 180]
    )
    examples = split(folder, max_bad="5%")
    assert examples.fits_in_memory == (either == "memory")
    lost = [0, 3, 4, 7, 20, 180]
    kept = np.delete(np.arange(181), lost)
    assert examples.count == 175
    assert [bad.index for bad in examples.bad] == [bad.record for bad in examples.bad] == lost
    assert {bad.file for bad in examples.bad} == {FILE}
    np.testing.assert_array_equal(examples.indices, kept)
    images, labels = read_digits("validation")
    for found in (read(examples), examples.arrays):
        np.testing.assert_array_equal(found[0], images[kept])
        np.testing.assert_array_equal(found[1], labels[kept])
    first, second, third = map(str, examples.bad[:3])
    assert first.startswith(f"example 0 ({FILE}, record 0): ")
    assert "image" in first.partition(": ")[2]
    assert second == f"example 3 ({FILE}, record 3): {CHECKSUM}"
    assert third == f"example 4 ({FILE}, record 4): {CHECKSUM}"


def test_parts_of_splits_count_from_their_own_beginning(tmp_path):
    folder = damaged_digits(tmp_path / "1.0.0", "validation", images=[50], checksums=[3, 60])
    examples = split(folder, "validation[40:70]", max_bad=0.1)
    assert [(bad.index, bad.record) for bad in examples.bad] == [(10, 50), (20, 60)]
    few = split(folder, "validation[40:70]", max_examples=20, max_bad=0.1)
    assert [bad.index for bad in few.bad] == [10]
    assert (few.count, few.indices.tolist()) == (19, [*range(10), *range(11, 20)])
    np.testing.assert_array_equal(read(few)[1], np.delete(read_digits("validation")[1][40:60], 10))


def test_what_follows_a_damaged_length_or_the_end_of_the_file_is_lost(tmp_path):
    cut = damaged_digits(tmp_path / "cut" / "1.0.0", "validation", checksums=[2], missing=400)
    examples = split(cut, max_bad=0.05)
    lost = len(examples.bad)
    assert examples.indices.tolist() == [0, 1, *range(3, 182 - lost)]
    assert "the file ends before it" in examples.bad[1].reason
    lengths = damaged_digits(tmp_path / "lengths" / "1.0.0", "validation", lengths=[178])
    assert split(lengths, max_bad=0.05).indices.tolist() == list(range(178))
    empty = damaged_digits(tmp_path / "empty" / "1.0.0", "validation", missing=10**6)
    with pytest.raises(ValueError, match="`split` must hold a record that can be read.*ends"):
        split(empty, max_bad=0.5)


def test_too_many_are_an_error_of_one_line_that_names_the_first(either, tmp_path):
    folder = damaged_digits(tmp_path / "1.0.0", "validation", checksums=[3, 9, 100, 150])
    assert split(folder, max_bad=4 / 181 + 1e-9).count == 177
    with pytest.raises(ValueError, match="holds 4 bad of 181 examples") as raised:
        split(folder, max_bad="2%")
    assert str(raised.value) == (
        f"The split 'validation' of '{folder}' holds 4 bad of 181 examples, where max_bad=0.02 "
        f"allows 3: example 3 ({FILE}, record 3): {CHECKSUM}; example 9 ({FILE}, record 9): "
        f"{CHECKSUM}; example 100 ({FILE}, record 100): {CHECKSUM}; ..."
    )


def test_without_leave_the_first_is_an_error_when_it_is_met(tmp_path):
    folder = damaged_digits(tmp_path / "1.0.0", "validation", images=[11])
    examples = split(folder)
    assert (examples.count, examples.bad, examples.indices) == (181, (), None)
    line = r"holds 1 bad of 181 examples, where max_bad=0 allows 0: example 11 \(.*record 11\): "
    with pytest.raises(ValueError, match=line):
        examples.arrays  # noqa: B018  reading is what fails
    with pytest.raises(ValueError, match=line), examples.explained():
        read(examples)
    whole = split(folder, "test")
    with pytest.raises(tf.errors.InvalidArgumentError, match="of the model"), whole.explained():
        raise tf.errors.InvalidArgumentError(None, None, "of the model")


def test_an_inspection_ends_where_there_are_enough_to_name(tmp_path):
    folder = damaged_digits(tmp_path / "1.0.0", "train", checksums=[1, 2, 3, 4, 1200])
    builder = tfds.builder_from_directory(folder)
    inspected = reading.inspect(builder, "train", 1259, allowed=0)
    assert not inspected.complete
    assert [bad.index for bad in inspected.bad] == [1, 2, 3, 4]
    line = reading.describe("It", inspected, 1259, 0.0)
    assert line.startswith("It holds at least 4 bad of 1259 examples, where max_bad=0 allows 0: ")
    assert len(reading.inspect(builder, "train", 1259).bad) == 5


def test_shards_are_repaired_alone_and_their_repaired_copies_removed(tmp_path, monkeypatch):
    """A dataset of three files, of which the second is damaged: the order is that of TFDS."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(reading.tempfile, "tempdir", str(temporary))
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(2, 2, 1)),
            "label": tfds.features.ClassLabel(num_classes=99),
        }
    )
    template = tfds.core.ShardedFileTemplate(
        data_dir=tmp_path / "d", dataset_name="d", split="train", filetype_suffix="tfrecord"
    )
    info = tfds.core.SplitInfo(
        name="train", shard_lengths=[20, 30, 40], num_bytes=0, filename_template=template
    )
    number = 0
    (tmp_path / "d").mkdir()
    for shard, length in enumerate(info.shard_lengths):
        file = tmp_path / "d" / f"d-train.tfrecord-0000{shard}-of-00003"
        with tf.io.TFRecordWriter(str(file)) as writer:
            for _ in range(length):
                image = np.full((2, 2, 1), number, "uint8")
                writer.write(features.serialize_example({"image": image, "label": number}))
                number += 1
    tfds.folder_dataset.write_metadata(
        data_dir=tmp_path / "d", features=features, split_infos=[info]
    )
    order = read(split(tmp_path / "d", "train"))[1]
    assert sorted(order) == list(range(90))
    file = tmp_path / "d" / "d-train.tfrecord-00001-of-00003"
    damaged = bytearray(file.read_bytes())
    damaged[40] ^= 1
    file.write_bytes(damaged)
    examples = split(tmp_path / "d", "train", max_bad=0.1)
    assert [(b.file, b.record) for b in examples.bad] == [(file.name, 0)]
    assert order[examples.bad[0].index] == 20
    np.testing.assert_array_equal(read(examples)[1], order[order != 20])
    assert len(list(temporary.iterdir())) == 1
    del examples
    gc.collect()
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(
    ("value", "share"), [("0.1%", 0.001), ("0.001", 0.001), (0, 0.0), (" 5 % ", 0.05), (0.5, 0.5)]
)
def test_shares(value, share):
    assert reading.parse_share(value) == pytest.approx(share)


@pytest.mark.parametrize("value", ["1", "100%", "-1%", "few", "%", "", "nan", None, True])
def test_no_shares(value):
    with pytest.raises(ValueError, match=r"`max_bad` must be a share of the examples in \[0, 1\)"):
        reading.parse_share(value)
