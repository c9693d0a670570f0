"""Repeated augmentation: copies side by side, each with its own draws."""

import numpy as np
import pytest
from helpers.pictures import carried_out, natural
from keras import ops

from kerasbook.augmentation import (
    RandAugment,
    RandomOperation,
    RepeatedAugmentation,
    ScheduledAutoAugment,
)


def test_copies_stand_side_by_side_with_their_labels(rng):
    batch = {"images": natural(rng, 2), "labels": np.array([7, 5])}
    child = RandomOperation("rotate", magnitude=(-40, 40))
    layer = RepeatedAugmentation(child, 3)
    drawn = rng.uniform(size=(2, layer.num_draws)).astype("float32")
    found = layer.apply(batch, drawn)
    np.testing.assert_array_equal(ops.convert_to_numpy(found["labels"]), [7, 7, 7, 5, 5, 5])
    angles = -40 + 80 * drawn.reshape(6, 3)[:, 2]
    expected = carried_out("rotate", np.repeat(batch["images"], 3, axis=0), angles)
    np.testing.assert_array_equal(ops.convert_to_numpy(found["images"]), expected)


def test_one_image_is_no_batch(rng):
    with pytest.raises(ValueError, match=r"`images` must be \(batch, height, width, channels\)"):
        RepeatedAugmentation(RandAugment())(natural(rng, 1)[0], training=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"augmentation": "rand_augment"}, "`augmentation` must be an augmentation"),
        ({"augmentation": RandAugment(), "num_repeats": 0}, "`num_repeats` must be a positive"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        RepeatedAugmentation(**arguments)


def test_copies_follow_the_schedule_of_the_epoch():
    policies = [
        [[{"operation": name, "probability": 1.0, "level": None}]]
        for name in ("identity", "invert")
    ]
    augment = RepeatedAugmentation(ScheduledAutoAugment(policies, [0, 4]), num_repeats=3)
    images = np.zeros((2, 8, 12, 3), "uint8")
    for epoch, value in ((3, 0), (4, 255)):
        found = augment.augment(images, seed=1, index=np.arange(2), epoch=epoch)
        assert found.shape == (6, 8, 12, 3)
        assert (found == value).all()
    augment.set_epoch(4)
    assert (ops.convert_to_numpy(augment(images, training=True)) == 255).all()
