"""Panels of curves: every kind of mark leaves its color, and nothing else is asked for."""

import numpy as np
import pytest
from PIL import Image

from kerasbook.visual import CurvePanel, plot_curve_panels

X = np.linspace(0, 1, 20)


def colors(path):
    with Image.open(path) as picture:
        return picture.size, {color for _, color in picture.convert("RGB").getcolors(1 << 20)}


def test_each_mark_is_drawn(tmp_path):
    blue = (31, 119, 180)
    band = (199, 221, 236)  # a quarter of the blue on white
    marks = {
        "lines": ({"a": (X, X)}, blue),
        "dots": ({"a": (X, X)}, blue),
        "bands": ({"a": (X, X - 1, X + 1)}, band),
        "truth": ((X, X), (0, 0, 0)),
        "density": ((X, X, np.outer(X, X)), (0, 0, 0)),
    }
    for field, (value, color) in marks.items():
        plot_curve_panels([CurvePanel("p", **{field: value})], tmp_path / "p.png")
        (width, height), found = colors(tmp_path / "p.png")
        assert (width, height) == (420, 390)
        assert min(sum(abs(a - b) for a, b in zip(color, c, strict=True)) for c in found) < 4, field


def test_panels_stand_beside_each_other(tmp_path):
    panel = CurvePanel("one", points={"data": (X, X)}, limits=(0, 2))
    plot_curve_panels([panel] * 3, tmp_path / "p.png", title="three")
    assert colors(tmp_path / "p.png")[0] == (1260, 390)


def test_no_panels(tmp_path):
    with pytest.raises(ValueError, match="`panels` must hold one panel at least"):
        plot_curve_panels([], tmp_path / "p.png")
