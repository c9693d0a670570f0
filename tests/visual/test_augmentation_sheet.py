"""Sheets of augmentations: each cell holds what its operation makes of the image at its level."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from kerasbook.augmentation import (
    Augmentation,
    AutoAugment,
    RandAugment,
    RandomOperation,
    Sequence,
)
from kerasbook.visual import plot_augmentation_sheet
from kerasbook.visual.augmentation_sheet import CAPTION, GAP, HEADING, MARGIN, TITLE

HEIGHT, WIDTH = 16, 24


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (3, HEIGHT, WIDTH, 3)).astype("uint8")


def draw(policy, images, path, **arguments):
    plot_augmentation_sheet(policy, images, path, **arguments)
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def cell(sheet, top, row, column, height=HEIGHT, width=WIDTH):
    top, left = top + row * (height + CAPTION + GAP), MARGIN + column * (width + GAP)
    return sheet[top : top + height, left : left + width]


def test_rows_are_operations_and_columns_levels(images, tmp_path):
    policy = RandAugment(operations=["posterize", "identity", "solarize", "equalize", "invert"])
    sheet = draw(policy, images, tmp_path / "sheet.png", size=WIDTH)
    picture, top = Image.fromarray(images[0]), TITLE + HEADING
    for column in range(6):
        bits = np.floor(8 - 4 * column / 5 + 0.5).astype(int)
        posterized = ImageOps.posterize(picture, bits)
        np.testing.assert_array_equal(cell(sheet, top, 0, column), posterized)
        threshold = 255 - 51 * column
        # From 255 on nothing is inverted: level 0 is the identity.
        solarized = ImageOps.solarize(picture, threshold) if column else picture
        np.testing.assert_array_equal(cell(sheet, top, 1, column), solarized)
    top += 2 * (HEIGHT + CAPTION + GAP) + HEADING - 18
    without = [picture, ImageOps.equalize(picture), ImageOps.invert(picture)]
    for column, expected in enumerate(without):
        np.testing.assert_array_equal(cell(sheet, top, 0, column), expected)
    top += HEIGHT + CAPTION + GAP + HEADING - 18
    drawn = policy.draw(0, 0, np.arange(12))
    batch = images[[0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 1, 2]]
    for place, expected in enumerate(np.asarray(policy.apply(batch, drawn))):
        np.testing.assert_array_equal(cell(sheet, top, *divmod(place, 6)), expected)
    assert sheet.shape[:2] == (top + 2 * (HEIGHT + CAPTION + GAP), MARGIN + 6 * (WIDTH + GAP) + GAP)


def test_rows_are_sub_policies_at_shares_of_their_levels(images, tmp_path):
    def step(name, level):
        return {"operation": name, "probability": 0.3, "level": level}

    policy = AutoAugment([[step("invert", None), step("solarize", 5)], [step("posterize", 10)]])
    sheet = draw(policy, images, tmp_path / "sheet.png", size=WIDTH)
    picture, top = Image.fromarray(images[0]), TITLE + HEADING
    both = ImageOps.solarize(ImageOps.invert(picture), 127.5)
    np.testing.assert_array_equal(cell(sheet, top, 0, 5), both)
    np.testing.assert_array_equal(cell(sheet, top, 0, 0), ImageOps.invert(picture))
    np.testing.assert_array_equal(cell(sheet, top, 1, 5), ImageOps.posterize(picture, 4))


def test_pairing_shows_the_second_image_in_every_column(images, tmp_path):
    policy = RandomOperation("sample_pairing")
    for given, other in ((images, images[1]), (images[:1], images[0][:, ::-1])):
        sheet = draw(policy, given, tmp_path / "sheet.png", size=WIDTH)
        for column in range(6):
            share = 0.08 * column
            expected = (1 - share) * images[0] + share * other
            found = cell(sheet, TITLE + HEADING, 0, column).astype(float)
            np.testing.assert_allclose(found, expected, atol=1)


class Swap(Augmentation):
    """Gives each example the image of the next."""

    mixes_samples = mixes_labels = True
    num_draws = 1

    def transform(self, batch, drawn):
        assert batch["labels"].shape == (12, 12)
        return {**batch, "images": np.roll(np.asarray(batch["images"]), -1, 0)}


def test_pairing_twice_in_one_sub_policy(images, tmp_path):
    step = {"operation": "sample_pairing", "probability": 1.0, "level": 10}
    invert = {"operation": "invert", "probability": 1.0, "level": None}
    policy = AutoAugment([[step, step], [invert, step]])
    sheet = draw(policy, images, tmp_path / "sheet.png", size=WIDTH)
    first, second = (Image.fromarray(image) for image in images[:2])
    twice = Image.blend(Image.blend(first, second, 0.4), second, 0.4)
    top = TITLE + HEADING
    found = cell(sheet, top, 0, 5).astype(int)
    assert np.abs(found - np.asarray(twice)).max() <= 2  # rounded twice


def test_what_mixes_gets_several_images(images, tmp_path):
    policy = Sequence([RandomOperation("invert", rate=0.0), Swap()])
    sheet = draw(policy, images, tmp_path / "sheet.png", size=WIDTH)
    top = TITLE + 2 * (HEADING - 18) + HEIGHT + CAPTION + GAP
    for place in range(6):
        np.testing.assert_array_equal(cell(sheet, top, 0, place), images[(place + 1) % 3])
    sheet = draw(Swap(), images[:1], tmp_path / "sheet.png", size=WIDTH)
    mirrored = cell(sheet, TITLE + HEADING - 18, 0, 0)
    np.testing.assert_array_equal(mirrored, images[0][:, ::-1])


class Same(Augmentation):
    """Draws a number, and changes nothing."""

    num_draws = 1

    def transform(self, batch, drawn):
        return batch


def test_small_and_grey_images_are_enlarged_by_whole_factors(rng, tmp_path):
    image = rng.integers(0, 256, (7, 10, 1)).astype("uint8")
    sheet = draw(Same(), [image], tmp_path / "sheet.png", size=35)
    found = cell(sheet, TITLE + HEADING - 18, 1, 5, 21, 30)
    np.testing.assert_array_equal(found, np.kron(image, np.ones((3, 3, 3), "uint8")))


def test_no_images(tmp_path):
    with pytest.raises(ValueError, match="`images` must hold one image at least"):
        plot_augmentation_sheet(RandAugment(), [], tmp_path / "sheet.png")
