"""Predictions of image files, good and bad ones mixed, and the export of a run."""

import shutil

import numpy as np
import pytest
from PIL import Image

from kerasbook import serving, training
from kerasbook.data import read_digits


@pytest.fixture
def files(tmp_path):
    """Good files of every kind and bad ones: paths by name."""
    image = Image.fromarray(read_digits("test", 1)[0][0, ..., 0])
    paths = {}
    for name, picture in {
        "grey.png": image,
        "colour.jpg": image.convert("RGB").resize((90, 50)),
        "clear.png": image.convert("RGBA").resize((8, 9)),
        "moving.gif": image.resize((16, 16)),
        "deep.png": Image.fromarray(np.asarray(image).astype("uint16") * 257),
    }.items():
        paths[name] = tmp_path / name
        picture.save(paths[name])
    for name, content in {
        "short.png": paths["grey.png"].read_bytes()[:60],
        "short.jpg": paths["colour.jpg"].read_bytes()[:300],
        "text.png": b"no image at all",
        "empty.png": b"",
    }.items():
        paths[name] = tmp_path / name
        paths[name].write_bytes(content)
    paths["missing.png"] = tmp_path / "missing.png"
    paths["folder"] = tmp_path
    return paths


def test_good_files_are_answered_and_bad_ones_named(trained_run, files):
    answers = dict(training.predict(trained_run[0], list(files.values()), top=2))
    good = ("grey.png", "colour.jpg", "clear.png", "moving.gif", "deep.png")
    for name, path in files.items():
        answer = answers[path]
        if name in good:
            assert [len(pair) for pair in answer] == [2, 2]
            assert answer[0][1] >= answer[1][1] > 0
        else:
            assert isinstance(answer, ValueError)
            assert str(path) in str(answer)
    assert "No such file" in str(answers[files["missing.png"]])
    assert "cannot be decoded" in str(answers[files["short.jpg"]])


def test_more_classes_than_there_are(trained_run, files):
    [(_, answer)] = training.predict(trained_run[0], [files["grey.png"]], top=99)
    assert sorted(name for name, _ in answer) == [str(i) for i in range(10)]
    assert sum(probability for _, probability in answer) == pytest.approx(1, abs=1e-4)


def test_a_run_is_exported_once(trained_run, tmp_path, files):
    output, difference = training.export_run(trained_run[0], tmp_path / "served" / "1", top_k=2)
    assert difference < 1e-5
    answer = serving.load(output)["image_bytes"](np.array([files["grey.png"].read_bytes()]))
    [(_, expected)] = training.predict(trained_run[0], [files["grey.png"]], top=2)
    assert [c.decode() for c in answer["classes"].numpy()[0]] == [name for name, _ in expected]
    with pytest.raises(FileExistsError, match="`path` must be new"):
        training.export_run(trained_run[0], output)
    run = shutil.copytree(trained_run[0], tmp_path / "copy")
    assert training.export_run(run)[0] == run / "saved_model"
    with pytest.raises(FileExistsError, match="must be a SavedModel or an empty folder"):
        training.export_run(run, run, overwrite=True)
    (run / "record.json").write_text("{}")
    with pytest.raises(ValueError, match="record.json is not the record of a run"):
        training.export_run(run)
