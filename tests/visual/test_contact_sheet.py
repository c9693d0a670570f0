"""Contact sheets: grey and colour, none at all, and a caption for each."""

import pytest
from PIL import Image

from kerasbook.visual import plot_contact_sheet


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_picture(channels, count, tmp_path, rng):
    images = rng.integers(0, 256, (count, 8, 9, channels)).astype("uint8")
    plot_contact_sheet(images, ["x"] * count, tmp_path / "sheet.png", title="Some images")
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.width == 1224


def test_missing_captions(tmp_path):
    with pytest.raises(ValueError, match="`captions` must hold one caption per image. Received: 1"):
        plot_contact_sheet([None, None], ["x"], tmp_path / "sheet.png")
