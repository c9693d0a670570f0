"""Datasets by name and folder, their splits, and everything that may not be there."""

import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds

from kerasbook.data import DIGITS, read_digits
from kerasbook.training.input.data import LabelledImages, list_datasets, read_images


def test_digits_by_name_and_by_folder(tmp_path):
    shutil.copytree(DIGITS, tmp_path / "copy" / "1.0.0")
    images, labels = read_digits("test")
    for name in ("digits", str(DIGITS), str(tmp_path / "copy")):
        data = LabelledImages(name)
        assert data.class_names == [str(i) for i in range(10)]
        assert data.image_shape == (8, 8, 1)
        examples = data.split("test")
        assert examples.count == 357
        assert examples.fits_in_memory
        np.testing.assert_array_equal(examples.arrays[0], images)
        np.testing.assert_array_equal(examples.arrays[1], labels)


def test_a_truncated_file_is_named_with_its_split(tmp_path):
    folder = shutil.copytree(DIGITS, tmp_path / "1.0.0")
    file = folder / "digits-test.tfrecord-00000-of-00001"
    file.write_bytes(file.read_bytes()[:30_000])
    line = "The split 'test' of .* holds 176 bad of 357.*example 181 .*the file ends before it"
    with pytest.raises(ValueError, match=line):
        LabelledImages(str(folder)).split("test").arrays  # noqa: B018  reading is what fails


def test_parts_of_splits_and_max_examples():
    data = LabelledImages("digits")
    assert data.split("train[:100]").count == 100
    assert data.split("train[100:]").count == 1159
    few = data.split("train", max_examples=7)
    assert few.count == len(few.arrays[0]) == 7
    np.testing.assert_array_equal(few.arrays[0], data.split("train[:7]").arrays[0])
    assert data.split("test", max_examples=10_000).count == 357


def test_tfds_datasets_by_name(data_dir):
    data = LabelledImages("mnist", data_dir)
    assert data.image_shape == (28, 28, 1)
    assert data.split("train[:55000]").count == 55_000
    assert {"digits", "mnist", "camvid", "bccd"} <= set(list_datasets(data_dir))


def test_datasets_without_labelled_images_are_refused(data_dir):
    for name in ("camvid", "imdb_reviews"):
        with pytest.raises(
            ValueError, match="`dataset` must have the features `image` and `label`"
        ):
            LabelledImages(name, data_dir)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("mnits", ValueError, "dataset='mnits'. Nearest: mnist"),
        ("./nowhere", FileNotFoundError, "`dataset` must be a name or a folder.*nowhere"),
        ("{tmp}", FileNotFoundError, "in TFDS format, with a dataset_info.json"),
    ],
)
def test_missing_datasets(name, error, message, tmp_path):
    with pytest.raises(error, match=message):
        LabelledImages(name.format(tmp=tmp_path))


def test_missing_folders_and_splits(tmp_path):
    with pytest.raises(FileNotFoundError, match="`data_dir` must be a folder"):
        LabelledImages("mnist", tmp_path / "nowhere")
    with pytest.raises(ValueError, match="`split` must be one of.*'dev' of 'digits'"):
        LabelledImages("digits").split("dev")
    with pytest.raises(ValueError, match="`split` must not be empty"):
        LabelledImages("digits").split("train[:0]")


def test_a_dataset_that_cannot_be_downloaded_is_named(tmp_path, monkeypatch):
    def fail(builder):
        raise ConnectionError("no network\nat all")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(ValueError, match="prepared or downloadable.*'mnist'.*: no network$"):
        LabelledImages("mnist", tmp_path)


def test_images_of_a_dataset_without_labels_and_what_has_none(data_dir):
    images = read_images("camvid", data_dir, first=2, count=2)
    assert [image.shape for image in images] == [images[0].shape] * 2
    assert np.array_equal(read_images("camvid", data_dir, first=3)[0], images[1])
    with pytest.raises(ValueError, match="`dataset` must have the feature `image`.*imdb_reviews"):
        read_images("imdb_reviews", data_dir)
