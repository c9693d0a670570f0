"""JPEG against Pillow's own files.

An encoder computes its cosines in integers, so that a coefficient may be rounded to the other
side. That makes a visible difference to a few blocks, and a small one to the mean.
"""

import io

import numpy as np
import pytest
from keras import ops
from PIL import Image

from kerasbook.augmentation.operations import jpeg


def picture(rng, height, width):
    y, x = np.mgrid[:height, :width]
    waves = [127 + 90 * np.sin(x / 9 + c) * np.cos(y / (7 + c)) for c in range(3)]
    return np.clip(np.stack(waves, -1) + rng.normal(0, 9, (height, width, 3)), 0, 255)


def by_pillow(image, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return np.asarray(Image.open(file), int)


@pytest.mark.parametrize("quality", [10, 30, 75])
@pytest.mark.parametrize("size", [(48, 64), (43, 61)])
def test_color_is_pillows(run_operation, rng, quality, size):
    image = picture(rng, *size).astype("uint8")
    expected = by_pillow(image, quality)
    got = run_operation("jpeg", image[None], float(quality))[0].astype(int)
    assert (abs(got - expected) <= 1).mean() > 0.85
    assert abs(got - expected).mean() < 0.2 * abs(image - expected).mean()


@pytest.mark.parametrize("quality", [10, 30, 75])
def test_grey_is_pillows(run_operation, rng, quality):
    image = picture(rng, 43, 61).astype("uint8")[..., :1]
    expected = by_pillow(image[..., 0], quality)
    got = run_operation("jpeg", image[None], float(quality))[0, ..., 0].astype(int)
    assert (abs(got - expected) <= 1).mean() > 0.9
    assert abs(got - expected).mean() < 0.2 * abs(image[..., 0] - expected).mean()


def test_high_qualities_are_pillows_but_for_one_value(run_operation, rng):
    image = picture(rng, 48, 64).astype("uint8")
    for quality in (90, 100):
        got = run_operation("jpeg", image[None], float(quality))[0].astype(int)
        assert abs(got - by_pillow(image, quality)).mean() < 1


def test_steps_of_quantization_are_those_in_pillows_files():
    for quality in (1, 7, 33, 50, 66, 92, 100):
        file = io.BytesIO()
        Image.new("RGB", (8, 8)).save(file, "JPEG", quality=quality)
        tables = Image.open(file).quantization
        for number, table in enumerate((jpeg.LUMINANCE, jpeg.CHROMINANCE)):
            steps = jpeg.steps(table, ops.convert_to_tensor(float(quality)))
            np.testing.assert_array_equal(steps, tables[number])


def test_one_cosine_survives_as_its_quantized_coefficient(run_operation):
    # Row 1, column 0 of the table at quality 50 is 12: an amplitude of 41 of the coefficient
    # becomes 36, the third step.
    place = np.arange(8)
    wave = np.cos((2 * place + 1) * np.pi / 16)[:, None] / np.sqrt(8) / 2 * np.ones(8)
    wave = np.tile(wave, (2, 2))[None, ..., None].astype("float32")
    got = run_operation("jpeg", 128 + 41 * wave, 50.0)
    np.testing.assert_allclose(got, 128 + 36 * wave, atol=1e-3)


def test_above_100_is_the_image_itself(run_operation, rng):
    images = rng.uniform(0, 255, (1, 9, 10, 3)).astype("float32")
    np.testing.assert_array_equal(run_operation("jpeg", images, 101.0), images)
