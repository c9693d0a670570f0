"""Previews of augmentations: of files and datasets, and what is wrong with either."""

import numpy as np
import pytest
from PIL import Image

from kerasbook import augmentation
from kerasbook.training import preview, preview_augmentation


@pytest.fixture
def photo(tmp_path, rng):
    path = tmp_path / "photo.png"
    Image.fromarray(rng.integers(0, 256, (40, 30, 3)).astype("uint8")).save(path)
    return path


@pytest.fixture
def plotted(monkeypatch):
    """Collects what would be drawn."""
    calls = []

    def plot(policy, images, path, **arguments):
        calls.append((policy, images, arguments))
        path.write_bytes(b"picture")

    monkeypatch.setattr(preview, "plot_augmentation_sheet", plot)
    return calls


def test_a_file_is_reduced_and_drawn(photo, tmp_path):
    preview_augmentation("shift", photo, tmp_path / "sheet.png", size=20)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 300
    assert {p.name for p in tmp_path.iterdir()} == {"photo.png", "sheet.png"}


def test_what_is_handed_on(photo, tmp_path, plotted):
    policy = augmentation.RandAugment(level=4)
    augmentation.to_json(policy, tmp_path / "policy.json")
    for given, name in ((policy, "RandAugment"), (str(tmp_path / "policy.json"), "policy.json")):
        preview_augmentation(given, photo, tmp_path / "sheet.png", size=20, seed=7)
        found, images, arguments = plotted.pop()
        assert found.level == 4
        assert [image.shape for image in images] == [(20, 15, 3)]
        assert arguments == {"seed": 7, "size": 20, "title": f"{name} on photo.png"}


def test_a_dataset_from_an_example_on(tmp_path, plotted):
    from kerasbook.training.input.data import LabelledImages

    preview_augmentation("rand_augment", "digits", tmp_path / "sheet.png", index=3)
    images = plotted.pop()[1]
    expected = LabelledImages("digits").split("train").arrays[0][3:9]
    np.testing.assert_array_equal(np.stack(images), expected)


def test_a_dataset_without_labels(tmp_path, plotted, data_dir):
    preview_augmentation("shift", "camvid", tmp_path / "sheet.png", data_dir=data_dir, size=40)
    assert plotted.pop()[1][0].shape == (30, 40, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policy": "rand_augmen"}, "'rand_augmen'. Nearest: rand_augment"),
        ({"policy": "nowhere.json"}, "nowhere.json cannot be read: No such file"),
        ({"policy": "none"}, "`policy` must change images. Received: policy='none'"),
        ({"source": "digit"}, "'digit'. Nearest: digits"),
        ({"source": "digits", "index": 9999}, r"`index` must be in \[0, 1259\). Received.*9999"),
        ({"path": "sheet.jpg"}, "`output` must be a .png file"),
        ({"path": "nowhere/sheet.png"}, "`output` must be a .png file.*nowhere/sheet.png"),
        ({"source": "photo.txt"}, "photo.txt: cannot be read as an image"),
    ],
    ids=str,
)
def test_what_is_wrong(arguments, message, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.txt").write_text("no picture")
    given = {"policy": "shift", "source": photo, "path": "sheet.png", **arguments}
    with pytest.raises(ValueError, match=message):
        preview_augmentation(**given)
    assert {p.name for p in tmp_path.iterdir()} == {"photo.png", "photo.txt"}


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        preview_augmentation("shift", "nowhere.jpg", tmp_path / "sheet.png")
