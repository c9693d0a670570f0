"""Runs of studies: the folder, the record, claims held to the least difference, failures."""

import json

import keras
import numpy as np
import pytest

from kerasbook import recipes, training
from kerasbook.training import Claim, Study


def study(run, **fields):
    return Study(name="s", run=run, **{"epochs": 2, "seeds": (3, 5), **fields})


def numbers(seed, epochs):
    drawn = float(np.random.uniform())  # noqa: NPY002  it is this generator that is to be seeded

    def draw(path):
        path.write_text(f"{seed} {epochs}")

    return {"a": {"score": 1.0 * seed}, "b": {"score": 2.0 * seed, "drawn": drawn}}, draw


def test_folder_and_record(tmp_path):
    claims = (Claim("b", "a", 3, "score"), Claim("b", "a", 4, "score"), Claim("a", "a", 0, "score"))
    record = training.run_study(study(numbers, claims=claims), run_dir=tmp_path / "run")
    assert record["run_dir"] == str(tmp_path / "run")
    files = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert files == ["picture.png", "record.json", "study.json"]
    written = json.loads((tmp_path / "run" / "record.json").read_text())
    assert {**written, "run_dir": record["run_dir"]} == record
    expected = {"name": "s", "epochs": 2, "seeds": [3, 5]}
    assert json.loads((tmp_path / "run" / "study.json").read_text()) == expected
    assert (record["status"], record["recipe"], record["epochs"]) == ("complete", "s", 2)
    assert record["seeds"] == [3, 5]
    assert record["scores"]["a"] == {"score": [3.0, 5.0]}
    assert record["scores"]["b"]["score"] == [6.0, 10.0]
    # The least difference over the seeds is 3; none at all is no difference.
    assert [claim["smallest_difference"] for claim in record["claims"]] == [3.0, 3.0, 0.0]
    assert [claim["holds"] for claim in record["claims"]] == [True, False, False]
    assert record["environment"]["keras"] == keras.__version__
    assert min(record["seconds"], record["processor_seconds"]) >= 0
    # The picture is that of the first seed.
    assert (tmp_path / "run" / "picture.png").read_text() == "3 2"


def test_each_seed_seeds_all_generators(tmp_path):
    first = training.run_study(study(numbers), run_dir=tmp_path / "1")["scores"]["b"]["drawn"]
    again = training.run_study(study(numbers, seeds=(5, 3)), run_dir=tmp_path / "2")
    assert again["scores"]["b"]["drawn"] == first[::-1]
    assert first[0] != first[1]


def test_a_folder_is_never_overwritten(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError, match="`run_dir` must be new"):
        training.run_study(study(numbers), run_dir=tmp_path)


def test_what_is_not_finite_or_fails_is_said(tmp_path):
    def broken(seed, epochs):
        return {"a": {"score": float("nan")}}, None

    with pytest.raises(FloatingPointError, match="score of 'a' is not finite on seed 3: nan"):
        training.run_study(study(broken), run_dir=tmp_path / "run")
    record = json.loads((tmp_path / "run" / "record.json").read_text())
    assert record["status"] == "stopped"


def test_fit_whole_takes_so_many_steps_of_all_examples():
    x = np.array([[-1.0], [0.0], [1.0], [3.0]])
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    training.fit_whole(model, "mse", x, 2 * x + 1, epochs=200, learning_rate=0.3)
    assert int(model.optimizer.iterations) == 200
    assert float(model.optimizer.learning_rate) == 0
    kernel, bias = model.get_weights()
    assert abs(kernel[0, 0] - 2) < 0.05
    assert abs(bias[0] - 1) < 0.05


def test_classifier_scores_by_definition():
    probabilities = np.array([[0.5, 0.5, 0.0], [0.1, 0.7, 0.2], [0.3, 0.6, 0.1]])
    scores = training.classifier_scores(probabilities, np.array([0, 1, 2]))
    assert scores["accuracy"] == pytest.approx(2 / 3)
    expected = (np.log(0.5) + np.log(0.7) + np.log(0.1)) / 3
    assert scores["log_likelihood"] == pytest.approx(expected)
    assert np.isfinite(training.classifier_scores(probabilities, [2, 0, 0])["log_likelihood"])


def test_what_trains_classifiers_refuses_studies(tmp_path):
    xor = recipes.get_recipe("xor")
    for function, more in (
        (training.train, ()),
        (training.cross_validate, ()),
        (training.random_search, ({},)),
    ):
        with pytest.raises(
            ValueError, match="`recipe` must be one that trains a classifier.*'xor'"
        ):
            function(xor, *more, run_dir=tmp_path / "run")
    assert not (tmp_path / "run").exists()
