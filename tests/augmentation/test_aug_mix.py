"""AugMix against its definition, with the draws handed in."""

import numpy as np
import pytest
from helpers.pictures import carried_out, natural
from keras import ops

from kerasbook.augmentation import AugMix

OPERATIONS = ("rotate", "solarize")


def test_a_blend_of_the_image_and_its_chains(rng):
    images = natural(rng, 5, (12, 17))
    layer = AugMix(2, 3, level=8, operations=OPERATIONS)
    drawn = rng.integers(0, 2**24, (5, layer.num_draws)).astype("float32") / 2**24
    found = ops.convert_to_numpy(layer.apply(images, drawn))
    for image, row, result in zip(images, drawn, found, strict=True):
        share = row[0]  # a beta number for parameters of 1 is the uniform one itself
        weights = -np.log1p(-row[1:3])
        weights = weights / weights.sum()
        blend = 0
        for chain, weight in zip(row[3:].reshape(2, 10), weights, strict=True):
            changed = image[None]
            for which, coin, place in chain[1:].reshape(3, 3)[: 1 + int(chain[0] * 3)]:
                level = (0.1 + 7.9 * place) / 10
                name = OPERATIONS[int(which * 2)]
                sign = -1 if coin < 0.5 else 1
                magnitude = sign * 30 * level if name == "rotate" else 255 - 255 * level
                changed = carried_out(name, changed, np.float32(magnitude))
            blend = blend + weight * changed[0].astype(float)
        expected = share * image + (1 - share) * blend
        assert np.abs(result - expected).max() <= 0.51


def test_a_chain_has_one_to_depth_operations(rng):
    layer = AugMix(1, 4, operations=OPERATIONS)
    drawn = rng.uniform(size=(2000, 1 + 4 * 3)).astype("float32")
    steps = layer.plan(ops.convert_to_tensor(drawn), layer.state)
    lengths = (ops.convert_to_numpy(steps.operation) < 2).sum(axis=1)
    counts = np.bincount(lengths, minlength=5)
    assert counts[0] == 0
    assert ((counts[1:] - 500) ** 2 / 500).sum() < 16.3  # chi-square, 3 degrees, 0.1 %


def test_places_are_refused(rng):
    batch = {"images": natural(rng, 2), "keypoints": np.zeros((2, 1, 2), "float32")}
    with pytest.raises(ValueError, match="AugMix.*several places"):
        AugMix()(batch, training=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_chains": 0}, "`num_chains` must be a positive integer"),
        ({"depth": -1}, "`depth` must be a positive integer"),
        ({"alpha": 0}, "`alpha` must be above 0"),
        ({"level": 11}, r"`level` must be in \[0, 10\]"),
        ({"operations": ["rotat"]}, "rotate"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        AugMix(**arguments)
