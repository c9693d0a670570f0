"""The report: test results as Keras computes them, and pictures of the worst mistakes."""

import numpy as np
import pytest
from helpers.damage import damaged_digits
from PIL import Image

from kerasbook.applications import MLP, load_model
from kerasbook.serving import Preprocessing
from kerasbook.training import report
from kerasbook.training.files import RunFolder
from kerasbook.training.input.data import LabelledImages


def test_results_are_those_of_keras(rng):
    model = MLP(units=(8,), input_shape=(8, 8, 1))
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    examples = LabelledImages("digits").split("test", 300)
    results = report.test_results(model, examples, Preprocessing(8, 8, 1))
    images, labels = examples.arrays
    loss, accuracy = model.evaluate(images / 255, labels, verbose=0)
    assert results["loss"] == pytest.approx(loss, rel=1e-4)
    assert results["accuracy"] == pytest.approx(accuracy)
    np.testing.assert_allclose(
        results["probabilities"], model.predict(images / 255, verbose=0), atol=1e-5
    )
    np.testing.assert_array_equal(results["labels"], labels)


def test_results_of_the_rest_are_those_without_the_bad_examples(tmp_path):
    folder = str(damaged_digits(tmp_path / "1.0.0", "test", images=[3, 200], checksums=[90]))
    model, preprocessing = MLP(units=(8,), input_shape=(8, 8, 1)), Preprocessing(8, 8, 1)
    whole = report.test_results(model, LabelledImages("digits").split("test"), preprocessing)
    examples = LabelledImages(folder).split("test", max_bad="1%")
    rest = report.test_results(model, examples, preprocessing)
    lost = [3, 90, 200]
    for name in ("labels", "losses", "probabilities"):
        np.testing.assert_allclose(rest[name], np.delete(whole[name], lost, 0), rtol=1e-5)
    right = whole["probabilities"].argmax(-1) == whole["labels"]
    assert rest["accuracy"] == pytest.approx((right.sum() - right[lost].sum()) / 354)
    with pytest.raises(ValueError, match="holds 3 bad of 357 examples.*: example 3 "):
        report.test_results(model, LabelledImages(folder).split("test"), preprocessing)


def test_images_come_in_the_order_asked_for():
    examples = LabelledImages("digits").split("test")
    images = report.images_at(examples, [5, 2, 300])
    for image, place in zip(images, [5, 2, 300], strict=True):
        np.testing.assert_array_equal(image, examples.arrays[0][place])
    assert report.images_at(examples, []) == []


def test_the_pictures_of_a_run(trained_run):
    folder = RunFolder(trained_run[0])
    for picture in (folder.curves, folder.confusion_matrix, folder.mistakes):
        with Image.open(picture) as image:
            assert min(image.size) > 200


def test_a_model_without_mistakes_has_a_sheet_that_says_so(trained_run, tmp_path):
    folder = RunFolder(tmp_path)
    folder.log.write_text((trained_run[0] / "log.csv").read_text())
    examples = LabelledImages("digits").split("test", 3)
    labels = examples.arrays[1]
    results = {
        "probabilities": np.eye(10)[labels],
        "labels": labels,
        "losses": np.zeros(3),
    }
    report.write_pictures(folder, results, examples, [str(i) for i in range(10)])
    assert folder.mistakes.is_file()


def test_the_best_checkpoint_gives_the_recorded_accuracy(trained_run):
    folder, record = RunFolder(trained_run[0]), trained_run[1]
    model = load_model(folder.best, compile=False)
    preprocessing = Preprocessing(**record["preprocessing"])
    results = report.test_results(model, LabelledImages("digits").split("test"), preprocessing)
    assert results["accuracy"] == record["test_accuracy"]
