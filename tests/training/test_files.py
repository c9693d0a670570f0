"""Run folders are never overwritten, and files appear whole or not at all."""

import pytest

from kerasbook.training.files import RunFolder, read_json, write_json


def test_a_new_folder_must_be_new(tmp_path):
    folder = RunFolder.create(tmp_path / "a" / "run")
    assert (folder.path / "checkpoints").is_dir()
    (tmp_path / "empty").mkdir()
    RunFolder.create(tmp_path / "empty")
    RunFolder.create(folder.path)  # of a run that was killed before it wrote anything
    (tmp_path / "file").write_text("mine")
    folder.record.write_text("{}")
    for taken in (folder.path, tmp_path / "file"):
        with pytest.raises(
            FileExistsError, match="`run_dir` must be new: runs are never overwritten"
        ):
            RunFolder.create(taken)
    assert (tmp_path / "file").read_text() == "mine"


def test_open_needs_a_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="which has no recipe.json"):
        RunFolder.open(tmp_path)
    write_json(tmp_path / "recipe.json", {})
    with pytest.raises(FileNotFoundError, match="which has no record.json"):
        RunFolder.open(tmp_path)
    write_json(tmp_path / "record.json", {})
    assert RunFolder.open(tmp_path).log == tmp_path / "log.csv"


def test_broken_json_is_named(tmp_path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(ValueError, match="x.json is not a JSON file"):
        read_json(tmp_path / "x.json")
