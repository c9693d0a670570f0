"""Fingerprints: equal for equal contents wherever they lie, and different after any change."""

import copy
import hashlib
import json
import shutil

import pytest
from helpers.damage import damaged_digits, record_file

from kerasbook.data import DIGITS
from kerasbook.training.input import fingerprint as module
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.input.fingerprint import changes, require_same

SPLITS = ("train[:1000]", "validation")


@pytest.fixture(scope="module")
def before():
    return LabelledImages("digits").fingerprint(*SPLITS)


def test_it_holds_the_sha256_of_the_files_that_are_read(before):
    names = [record_file(DIGITS, split).name for split in ("train", "validation")]
    assert before["files"] == {
        name: hashlib.sha256((DIGITS / name).read_bytes()).hexdigest() for name in names
    }
    assert before["splits"] == {"train[:1000]": 1000, "validation": 181}
    assert (before["dataset"], before["version"], before["sampled"]) == ("digits", "1.0.0", False)
    assert json.loads(json.dumps(before)) == before


def test_a_copy_elsewhere_is_the_same_and_a_flipped_bit_is_not(before, tmp_path):
    same = shutil.copytree(DIGITS, tmp_path / "elsewhere" / "1.0.0")
    require_same(before, LabelledImages(str(same)).fingerprint(*SPLITS))
    other = damaged_digits(tmp_path / "1.0.0", "validation", checksums=[100])
    now = LabelledImages(str(other)).fingerprint(*SPLITS)
    file = record_file(other, "validation")
    assert changes(before, now) == [f"{file.name} changed"]
    with pytest.raises(ValueError, match=f"what the run read before.*'digits', but {file.name}"):
        require_same(before, now)
    # What is not read does not count, and neither does what only one of two reads.
    assert changes(before, LabelledImages(str(other)).fingerprint("train[:1000]", "test")) == []
    file.unlink()
    now = LabelledImages(str(other)).fingerprint(*SPLITS)
    assert changes(before, now) == [f"{file.name} is missing"]


def test_other_versions_classes_and_counts_are_named(before, tmp_path):
    now = copy.deepcopy(before) | {"version": "2.0.0"}
    now["splits"]["validation"] = 180
    assert changes(before, now) == [
        "its version '1.0.0' became '2.0.0'",
        "the 181 examples of 'validation' became 180",
    ]
    other = shutil.copytree(DIGITS, tmp_path / "1.0.0")
    names = other / "label.labels.txt"
    names.write_text(names.read_text().replace("3\n4", "4\n3"))
    now = LabelledImages(str(other)).fingerprint(*SPLITS)
    assert changes(before, now) == ["its features or the names of its classes changed"]


def test_large_files_are_sampled_from_beginning_to_end(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WHOLE_LIMIT", 200_000)
    monkeypatch.setattr(module, "BLOCK_BYTES", 1000)
    folder = shutil.copytree(DIGITS, tmp_path / "1.0.0")
    file = record_file(folder, "train")
    data = LabelledImages(str(folder))
    whole = file.read_bytes()
    before = data.fingerprint("train")
    assert before["sampled"]

    def changed(content):
        file.write_bytes(content)
        return changes(before, data.fingerprint("train")) == [f"{file.name} changed"]

    def flipped(place):
        return whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]

    second = (len(whole) - 1000) // 3
    assert [changed(flipped(place)) for place in (0, second, len(whole) - 1)] == [True] * 3
    assert not changed(flipped(second - 1))
    assert changed(whole + b"x")
    assert not changed(whole)
