"""Runs within a run: read, resumed or begun anew."""

import json

import pytest

from kerasbook.training import Recipe
from kerasbook.training.files import RunFolder
from kerasbook.training.subrun import train_once

RECIPE = Recipe(name="r", model="mlp", dataset="digits", train_split="train[:64]", epochs=2)


def test_a_complete_run_is_read_and_a_broken_one_goes_on(tmp_path, monkeypatch):
    run = tmp_path / "run"
    whole = train_once(RECIPE, run, verbose=0)
    folder = RunFolder(run)
    last = folder.last.stat().st_mtime_ns
    assert train_once(RECIPE, run, verbose=0) == whole
    assert folder.last.stat().st_mtime_ns == last
    # As after an interruption.
    record = json.loads(folder.record.read_text())
    folder.record.write_text(json.dumps({**record, "status": "stopped", "validation_accuracy": 0}))
    calls = []
    from kerasbook.training import subrun

    def spy(recipe, **options):
        calls.append(options.get("resume", False))
        return train(recipe, **options)

    train = subrun.train
    monkeypatch.setattr(subrun, "train", spy)
    again = train_once(RECIPE, run, verbose=0)
    assert calls == [True]
    assert again["validation_accuracy"] == whole["validation_accuracy"]
    # Killed before its first checkpoint: it begins anew.
    folder.record.write_text(json.dumps({**record, "status": "running"}))
    for file in (folder.last, folder.previous):
        file.unlink(missing_ok=True)
    again = train_once(RECIPE, run, verbose=0)
    assert calls == [True, False]
    assert again["validation_accuracy"] == whole["validation_accuracy"]
    with pytest.raises(ValueError, match="`run_dir` must hold the runs of the same recipe"):
        train_once(RECIPE.replace(seed=1), run, verbose=0)
