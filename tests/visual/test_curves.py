"""Learning curves: a picture appears, and bad rows are named."""

import pytest
from PIL import Image

from kerasbook.visual import plot_curves


def test_picture(tmp_path):
    rows = [
        {
            "epoch": e,
            "loss": 1 / e,
            "accuracy": 1 - 0.5 / e,
            "val_loss": 1.1 / e,
            "val_accuracy": 0.9,
        }
        for e in range(1, 4)
    ]
    plot_curves(rows, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.size == (1080, 432)
        assert len(picture.convert("RGB").getcolors(1 << 16)) > 50


def test_no_rows(tmp_path):
    with pytest.raises(ValueError, match="`rows` must hold at least one epoch"):
        plot_curves([], tmp_path / "curves.png")
