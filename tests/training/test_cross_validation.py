"""Cross-validation: folds that hold out everything once, and means over real runs."""

import itertools
import json
import pickle

import numpy as np
import pytest

from kerasbook import training
from kerasbook.callbacks.epoch_log import read_log
from kerasbook.evaluation import accuracy_interval
from kerasbook.training.cross_validation import fold_splits
from kerasbook.training.evaluation import results_of
from kerasbook.training.input.data import LabelledImages

RECIPE = training.Recipe(
    name="folds",
    model="mlp",
    dataset="digits",
    train_split="train[100:190]",
    validation_split="validation[:41]",
    epochs=2,
    batch_size=16,
)


@pytest.mark.parametrize("folds", [2, 5, 131])
def test_folds_are_disjoint_and_cover_everything(folds):
    data = LabelledImages("digits")

    def numbered(split):
        return [
            (name, number)
            for name, start, stop in data.segments(split)
            for number in range(start, stop)
        ]

    everything = numbered("train[100:190]") + numbered("validation[:41]")
    splits = fold_splits(data, RECIPE, folds)
    assert len(splits) == folds
    held_out = [numbered(validation) for _, validation in splits]
    assert [*itertools.chain(*held_out)] == everything
    assert {len(part) for part in held_out} <= {131 // folds, -(-131 // folds)}
    for (trained, _), part in zip(splits, held_out, strict=True):
        assert sorted(numbered(trained) + part) == sorted(everything)
        assert not set(numbered(trained)) & set(part)


def test_the_splits_are_those_examples():
    data = LabelledImages("digits")
    whole = [data.split(split).arrays[0] for split in ("train[100:190]", "validation[:41]")]
    splits = fold_splits(data, RECIPE, 3)
    read = np.concatenate([data.split(validation).arrays[0] for _, validation in splits])
    np.testing.assert_array_equal(read, np.concatenate(whole))
    assert data.split(splits[1][0]).count == 131 - data.split(splits[1][1]).count


@pytest.mark.parametrize(
    ("change", "folds", "message"),
    [
        ({}, 1, r"`folds` must be an integer in \[2, 131\]. Received: folds=1"),
        ({}, 132, "`folds` must be an integer"),
        ({"validation_split": "train[180:200]"}, 2, "must not overlap"),
        ({"train_split": "train+validation[40:]"}, 2, "must not overlap"),
        ({"train_split": "tran"}, 2, "`split` must be one of"),
    ],
)
def test_bad_input(change, folds, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        training.cross_validate(RECIPE.replace(**change), folds=folds, run_dir=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_is_refused():
    with pytest.raises(ValueError, match="`strategy` must be another"):
        training.cross_validate(RECIPE, strategy="multi_worker")


def test_the_record_is_that_of_the_folds_and_nothing_is_done_twice(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    record = training.cross_validate(RECIPE, folds=3, run_dir=folder, verbose=0)
    assert json.loads((folder / "cross_validation.json").read_text()) == record
    assert pickle.loads(pickle.dumps(record)) == record
    rows = record["folds"]
    accuracies = [row["accuracy"] for row in rows]
    assert record["accuracy_mean"] == pytest.approx(np.mean(accuracies))
    assert record["accuracy_deviation"] == pytest.approx(np.std(accuracies, ddof=1))
    assert [row["examples"] for row in rows] == [43, 44, 44]
    right = 0
    for number, row in enumerate(rows, 1):
        last = folder / f"fold-{number}" / "checkpoints" / "last.keras"
        results = results_of(last, split=row["validation_split"])
        assert results["accuracy"] == pytest.approx(row["accuracy"])
        right += results["right"].sum()
        log = read_log(folder / f"fold-{number}" / "log.csv")
        assert row["best_accuracy"] == max(epoch["val_accuracy"] for epoch in log)
    assert record["accuracy"] == right / 131
    assert record["accuracy_interval"] == list(accuracy_interval(right, 131))

    from kerasbook.training import subrun

    done = []
    monkeypatch.setattr(subrun, "train", lambda *_, **options: done.append(options))
    assert training.cross_validate(RECIPE, folds=3, run_dir=folder, verbose=0) == record
    assert done == []
    with pytest.raises(ValueError, match="`run_dir` must hold the same cross-validation"):
        training.cross_validate(RECIPE, folds=4, run_dir=folder)
    with pytest.raises(FileExistsError, match="`run_dir` must be new"):
        training.cross_validate(RECIPE, run_dir=folder / "fold-1")
