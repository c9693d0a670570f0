"""Sequences: one after the other, in one pass or several."""

import keras
import numpy as np
from helpers.pictures import carried_out, natural
from keras import ops

from kerasbook.augmentation import (
    CenterCrop,
    MixUp,
    RandAugment,
    RandomCrop,
    RandomOperation,
    Sequence,
)


def test_one_after_the_other(rng):
    images = natural(rng, 3)
    layer = Sequence(
        [RandomOperation("rotate", magnitude=20), RandomOperation("solarize", magnitude=90)]
    )
    found = layer.augment(images, seed=0, index=np.arange(3))
    expected = carried_out("solarize", carried_out("rotate", images, 20), 90)
    np.testing.assert_array_equal(found, expected)


def test_children_that_do_not_agree_run_one_by_one(rng):
    images = natural(rng, 3)
    layer = Sequence(
        [
            RandomOperation("translate_x", magnitude=0.25, fill_value=9),
            RandomOperation("translate_y", magnitude=0.25, fill_value=200),
        ]
    )
    found = layer.augment(images, seed=0, index=np.arange(3))
    expected = carried_out("translate_x", images, 0.25, fill_value=9)
    expected = carried_out("translate_y", expected, 0.25, fill_value=200)
    np.testing.assert_array_equal(found, expected)


def test_crops_change_the_size_in_training_and_otherwise(rng):
    layer = Sequence([RandomCrop(8, 10), RandomOperation("invert"), CenterCrop(6, 4)])
    images = natural(rng, 2)
    assert layer(images, training=True).shape == (2, 6, 4, 3)
    middle = CenterCrop(6, 4)(CenterCrop(8, 10)(images))
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(images)), ops.convert_to_numpy(middle))
    assert layer(keras.Input((23, 34, 3), dtype="uint8")).shape == (None, 6, 4, 3)


def test_with_mixing(rng):
    batch = {"images": natural(rng, 4), "labels": np.eye(4, dtype="float32")}
    first, second = RandAugment(operations=["rotate"]), MixUp(alpha=1.0)
    layer = Sequence([first, second])
    drawn = rng.uniform(size=(4, layer.num_draws)).astype("float32")
    found = layer.apply(batch, drawn)
    turned = first.apply(batch, drawn[:, : first.num_draws])
    expected = second.apply(turned, drawn[:, first.num_draws :])
    for key in batch:
        np.testing.assert_array_equal(
            ops.convert_to_numpy(found[key]), ops.convert_to_numpy(expected[key])
        )
    assert (ops.convert_to_numpy(found["labels"]).max(axis=1) < 1).any()
