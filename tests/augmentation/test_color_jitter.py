"""Colour jitter against Pillow and its definition, with the draws handed in."""

import numpy as np
import pytest
from helpers.pictures import carried_out, natural
from keras import ops

from kerasbook.augmentation import ColorJitter

NAMES = ("brightness", "contrast", "saturation", "hue")


def test_four_operations_in_the_drawn_order(rng):
    images = natural(rng, 5)
    layer = ColorJitter(0.4, 1.5, saturation=0.2, hue=40)
    drawn = rng.uniform(size=(5, 8)).astype("float32")
    found = ops.convert_to_numpy(layer.apply(images, drawn))
    low = np.array([0.6, 0, 0.8, -40])
    high = np.array([1.4, 2.5, 1.2, 40])
    for image, row, result in zip(images, drawn, found, strict=True):
        magnitudes, expected = low + (high - low) * row[:4], image[None]
        for place in np.argsort(row[4:]):
            expected = carried_out(NAMES[place], expected, np.float32(magnitudes[place]))
        # A fused multiply-add may round up where two steps round down, and the next one doubles.
        assert np.abs(result.astype(int) - expected[0]).max() <= 4
        assert (result == expected[0]).mean() > 0.95


def test_no_reach_is_the_identity(rng):
    images = natural(rng, 2)
    found = ColorJitter().augment(images, seed=0, index=[0, 1])
    np.testing.assert_array_equal(found, images)


@pytest.mark.parametrize("arguments", [{"brightness": -1}, {"hue": 181}, {"saturation": "1"}])
def test_wrong_arguments(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        ColorJitter(**arguments)
