"""Evaluations of runs: one, a file below it, and several together."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbook import training
from kerasbook.applications import load_model
from kerasbook.callbacks.epoch_log import read_log
from kerasbook.evaluation import accuracy_interval, average_weights, dense_evaluation
from kerasbook.serving import Preprocessing
from kerasbook.training.evaluation import require_same_examples, results_of
from kerasbook.training.input.data import LabelledImages


def test_evaluate_gives_the_record(trained_run):
    folder, record = trained_run
    results = training.evaluate(folder)
    assert results["accuracy"] == record["test_accuracy"]
    assert results["loss"] == pytest.approx(record["test_loss"])
    assert list(results["interval"]) == record["test_accuracy_interval"]
    assert results["interval"] == accuracy_interval(round(results["accuracy"] * 357), 357)
    assert training.evaluate(folder, split="validation")["examples"] == 181


def test_a_model_file_stands_for_its_run(trained_run, tmp_path):
    folder, record = trained_run
    best = folder / "checkpoints" / "best.keras"
    assert training.evaluate(best)["loss"] == pytest.approx(record["test_loss"])
    shutil.copy(best, tmp_path / "alone.keras")
    for file in (tmp_path / "alone.keras", tmp_path / "nowhere.keras"):
        with pytest.raises(FileNotFoundError, match="`run` must be a run folder"):
            training.evaluate(file)
    with pytest.raises(FileNotFoundError, match="`path` must be a `.keras` file"):
        training.evaluate(folder / "checkpoints" / "epoch-9.keras")


@pytest.fixture(scope="module")
def another_run(tmp_path_factory):
    """The folder of a worse run with the same data, other images' size and another model."""
    recipe = training.Recipe(
        name="small", model="mlp", dataset="digits", image_size=(8, 8), epochs=2, seed=1
    )
    folder = tmp_path_factory.mktemp("evaluation") / "another"
    training.train(recipe, run_dir=folder, verbose=0, test=False)
    return folder


def test_an_ensemble_is_the_mean_of_the_probabilities(trained_run, another_run):
    runs = [trained_run[0], another_run]
    results = training.evaluate_ensemble(runs)
    assert results["members"] == [training.evaluate(run) for run in runs]
    labels = LabelledImages("digits").split("test").arrays[1]
    mean = (results_of(runs[0])["probabilities"] + results_of(runs[1])["probabilities"]) / 2
    assert results["ensemble"]["accuracy"] == np.mean(mean.argmax(-1) == labels)
    loss = -np.log(mean[np.arange(len(labels)), labels]).mean()
    assert results["ensemble"]["loss"] == pytest.approx(loss, rel=1e-5)
    # By Jensen's inequality, of which no ensemble is an exception.
    assert loss < np.mean([member["loss"] for member in results["members"]])


def test_views_are_those_of_the_enlarged_image(trained_run):
    run = trained_run[0]
    few = {"split": "test[:40]", "views": "ten_crop", "enlarge": 1.25}
    images, labels = LabelledImages("digits").split("test[:40]").arrays
    model = load_model(run / "checkpoints" / "best.keras", compile=False)
    larger = Preprocessing(20, 20, 1)
    inputs = larger.scale(larger.resize(images)).numpy()
    rows = []
    for top, left in ((0, 0), (0, 4), (4, 0), (4, 4), (2, 2)):
        crop = inputs[:, top : top + 16, left : left + 16]
        rows += [model.predict(crop, verbose=0), model.predict(crop[:, :, ::-1], verbose=0)]
    mean = np.mean(rows, 0)
    np.testing.assert_allclose(results_of(run, **few)["probabilities"], mean, atol=1e-5)
    accuracy = np.mean(mean.argmax(-1) == labels)
    assert training.evaluate(run, **few)["accuracy"] == accuracy
    # Several enlargements, and every place of the image: two more means.
    scales = results_of(run, **{**few, "views": "center", "enlarge": [1.0, 1.25]})
    small = tf.image.resize(inputs, (16, 16), antialias=True)
    mean = (model.predict(inputs[:, 2:18, 2:18], verbose=0) + model.predict(small, verbose=0)) / 2
    np.testing.assert_allclose(scales["probabilities"], mean, atol=1e-5)
    dense = results_of(run, **{**few, "views": "dense_flip"})["probabilities"]
    wide = dense_evaluation(model)
    mean = (wide.predict(inputs, verbose=0) + wide.predict(inputs[:, :, ::-1], verbose=0)) / 2
    np.testing.assert_allclose(dense, mean, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"views": "six_crop"}, "`views` must be one of"),
        ({"enlarge": 2.0}, "`views` must be one of .* Received: views=None"),
        ({"views": "flip", "enlarge": 0.5}, "`enlarge` must be at least 1. Received: enlarge=0.5"),
    ],
)
def test_bad_views(options, message, trained_run):
    with pytest.raises(ValueError, match=message):
        training.evaluate(trained_run[0], **options)


def test_snapshots_of_one_run(tmp_path):
    recipe = training.Recipe(
        name="snapshots", model="mlp", dataset="digits", epochs=4, schedule="cosine", cycles=2
    )
    files = tmp_path / "run" / "snapshots" / "{epoch}.keras"
    keep = keras.callbacks.ModelCheckpoint(files)
    training.train(recipe, run_dir=tmp_path / "run", callbacks=[keep], verbose=0, test=False)
    log = read_log(tmp_path / "run" / "log.csv")
    ends = [str(files).format(epoch=epoch) for epoch in (2, 4)]
    results = training.evaluate_ensemble(ends, split=recipe.validation_split)
    for epoch, member in zip((2, 4), results["members"], strict=True):
        assert member["accuracy"] == pytest.approx(log[epoch - 1]["val_accuracy"])
    assert results["ensemble"]["loss"] < np.mean([member["loss"] for member in results["members"]])
    mean = average_weights([load_model(file, compile=False) for file in ends])
    first, last = (load_model(file).get_weights()[0] for file in ends)
    np.testing.assert_allclose(mean.get_weights()[0], (first + last) / 2, rtol=1e-5, atol=1e-7)


def test_an_ensemble_needs_several_runs_of_the_same_test(trained_run, tmp_path):
    with pytest.raises(ValueError, match="`run_dirs` must be two or more"):
        training.evaluate_ensemble([trained_run[0]])
    test = results_of(trained_run[0])
    require_same_examples("a", test, "b", test)
    for change, message in [
        ({"split": "train"}, "The split of 'a' and 'b' differ: 'test' and 'train'"),
        ({"examples": 3}, "The number of examples of"),
        ({"recipe": test["recipe"].replace(dataset="mnist")}, "The dataset of"),
        ({"record": {**test["record"], "class_names": ["x"]}}, "The class names of"),
        (
            {"fingerprint": {**test["fingerprint"], "version": "9"}},
            "The fingerprint of the data of",
        ),
        ({"labels": test["labels"][::-1]}, "The labels of 'a' and 'b' differ$"),
    ]:
        with pytest.raises(ValueError, match=message):
            require_same_examples("a", test, "b", {**test, **change})


def test_a_run_without_a_test_leaves_the_split_alone(another_run):
    record = json.loads((another_run / "record.json").read_text())
    assert record["status"] == "complete"
    assert record["validation_accuracy"] > 0.3
    assert not [key for key in record if "test" in key]
    assert record["examples"] == {"train": 1259, "validation": 181}
    assert not (another_run / "saved_model").exists()
    recipe = training.recipe_of(another_run)
    assert training.evaluate(another_run)["split"] == recipe.test_split
