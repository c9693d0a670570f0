"""Preprocessing: the formula, files of all kinds, and bad arguments."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasbook.serving import Preprocessing


def test_scale_is_the_formula(rng):
    pixels = rng.integers(0, 256, (2, 4, 5, 3)).astype("uint8")
    for mean, std in (
        ((0.4, 0.5, 0.6), (0.2, 0.3, 0.4)),
        ((0.5,), (0.2, 0.3, 0.4)),
        ((0.0,), (1.0,)),
    ):
        scaled = Preprocessing(4, 5, 3, mean, std).scale(pixels)
        np.testing.assert_allclose(scaled, (pixels / 255 - mean) / std, atol=1e-5)
        assert scaled.dtype == tf.float32


def test_resize_keeps_what_fits_and_uint8(rng):
    pixels = rng.integers(0, 256, (2, 4, 5, 3)).astype("uint8")
    np.testing.assert_array_equal(Preprocessing(4, 5, 3).resize(tf.constant(pixels)), pixels)
    resized = Preprocessing(9, 7, 3).resize(tf.constant(pixels))
    assert resized.shape == (2, 9, 7, 3)
    assert resized.dtype == tf.uint8
    flat = Preprocessing(2, 2, 1).resize(tf.fill((8, 8, 1), tf.constant(200, tf.uint8)))
    assert np.all(flat.numpy() == 200)


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "bmp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_decode_takes_files_of_all_kinds(kind, channels, rng):
    colour = Image.fromarray(rng.integers(0, 256, (6, 7, 3)).astype("uint8"))
    file = io.BytesIO()
    colour.save(file, kind)
    pixels = Preprocessing(6, 7, channels).decode(tf.constant(file.getvalue()))
    assert pixels.shape == (6, 7, channels)
    stored = Image.open(io.BytesIO(file.getvalue())).convert("RGB")
    expected = np.asarray(stored.convert("L"))[..., None] if channels == 1 else np.asarray(stored)
    # One grey level where the weights of red, green and blue are rounded; decoders differ in JPEG.
    assert np.abs(pixels.numpy().astype(int) - expected).max() <= (3 if kind == "jpeg" else 1)


def test_plain_json_and_back():
    preprocessing = Preprocessing(4, 5, 3, (0.4, 0.5, 0.6), (0.2,))
    assert Preprocessing(**preprocessing.to_json()) == preprocessing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"height": 0}, "`height` must be a positive integer. Received: height=0"),
        ({"width": 2.5}, "`width` must be a positive integer. Received: width=2.5"),
        ({"channels": 4}, "`channels` must be 1 or 3. Received: channels=4"),
        ({"mean": (1, 2)}, "`mean` must hold one value, or one per channel"),
        ({"std": (0.0,)}, "`std` must be above 0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Preprocessing(**{"height": 4, "width": 5, "channels": 3, **arguments})
