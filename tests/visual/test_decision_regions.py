"""Decision regions: the colors of the classes lie where their probabilities do."""

import numpy as np
import pytest
from PIL import Image

from kerasbook.visual import RegionPanel, plot_decision_regions

X, Y = np.linspace(0, 1, 9), np.linspace(0, 2, 7)
ONE = np.broadcast_to((X > 0.5).astype(float), (7, 9))
EXAMPLES = np.array([[0.1, 0.2], [0.9, 1.8]])
PANEL = RegionPanel("p", X, Y, np.stack([1 - ONE, ONE], -1), EXAMPLES, np.array([0, 1]))


def mixed(color):
    """The color of a region, as the docstring of the module has it."""
    return [round(255 - 0.45 * (255 - c)) for c in color]


def test_regions_lie_where_the_classes_are_probable(tmp_path):
    plot_decision_regions([PANEL], tmp_path / "p.png", class_names=["a", "b"])
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.size == (540, 540)
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    middles = []
    for color in ((31, 119, 180), (255, 127, 14)):
        near = np.abs(pixels - mixed(color)).max(-1) <= 1
        assert near.mean() > 0.1
        middles.append(np.nonzero(near)[1].mean())
    assert middles[0] + 50 < middles[1]


def test_rings_and_several_panels(tmp_path):
    ringed = RegionPanel(
        *(getattr(PANEL, f) for f in PANEL.__dataclass_fields__ if f != "ringed"),
        ringed=np.array([True, False]),
    )
    pictures = []
    for panels, ring in (([PANEL, PANEL], ""), ([PANEL, ringed], "wrong")):
        plot_decision_regions(panels, tmp_path / "p.png", class_names=["a", "b"], ring=ring)
        with Image.open(tmp_path / "p.png") as picture:
            pictures.append(np.asarray(picture.convert("RGB")))
    assert pictures[0].shape == pictures[1].shape == (360, 720, 3)
    assert np.any(pictures[0] != pictures[1])


def test_three_stand_in_a_row(tmp_path):
    for count, size in ((2, (720, 360)), (3, (1080, 360)), (4, (1080, 720))):
        plot_decision_regions([PANEL] * count, tmp_path / "p.png", class_names=["a", "b"])
        with Image.open(tmp_path / "p.png") as picture:
            assert picture.size == size


def test_bad_input(tmp_path):
    with pytest.raises(ValueError, match="`panels` must hold one panel at least"):
        plot_decision_regions([], tmp_path / "p.png", class_names=["a"])
    with pytest.raises(ValueError, match="`class_names` must be at most 5. Received: 6"):
        plot_decision_regions([PANEL], tmp_path / "p.png", class_names=list("abcdef"))
