"""Files appear whole or not at all."""

import pytest

from kerasbook.files import replacing


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    (tmp_path / "x.json").write_text("old")

    def fail():
        with replacing(tmp_path / "x.json") as draft:
            draft.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert (tmp_path / "x.json").read_text() == "old"
    assert [f.name for f in tmp_path.iterdir()] == ["x.json"]


def test_the_file_that_stood_there_is_kept_where_asked(tmp_path):
    path, kept = tmp_path / "x.json", tmp_path / "before.json"
    for text in ("one", "two", "three"):
        with replacing(path, kept=kept) as draft:
            draft.write_text(text)
    assert (path.read_text(), kept.read_text()) == ("three", "two")


def test_what_a_killed_process_left_is_cleared_away(tmp_path):
    for name in (".x[1].99999.partial.json", ".x1.99999.partial.json"):
        (tmp_path / name).write_text("half")
    with replacing(tmp_path / "x[1].json") as draft:
        draft.write_text("whole")
    assert sorted(f.name for f in tmp_path.iterdir()) == [".x1.99999.partial.json", "x[1].json"]


def test_a_draft_keeps_all_suffixes(tmp_path):
    with replacing(tmp_path / "model.weights.h5") as draft:
        assert draft.name.endswith(".weights.h5")
        draft.write_text("weights")
    assert [f.name for f in tmp_path.iterdir()] == ["model.weights.h5"]
