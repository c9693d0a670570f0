"""The table of operations: complete rows, level 0 is the identity, and effects grow."""

import numpy as np
import pytest
import tensorflow as tf

from kerasbook.augmentation import program
from kerasbook.augmentation.levels import magnitude_of
from kerasbook.augmentation.operations import OPERATIONS
from kerasbook.augmentation.operations.table import TABLE
from kerasbook.ops import compiled

pytestmark = pytest.mark.tensorflow

LEVELED = tuple(o.name for o in TABLE if o.has_level)
LEVELS = np.arange(11) / 10


def natural_image(height, width, channels):
    """Slopes, an edge, all hues and a little noise, off the ends of the range."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:height, :width] / max(height, width)
    slopes = [80 * np.sin(2 * (x - 0.4) + c) + 60 * np.cos(2 * y + c) for c in range(channels)]
    image = 125 + np.stack(slopes, -1) + rng.normal(0, 6, (height, width, channels))
    image[height // 3 : height // 2, width // 4 : width // 2] += 20 * (np.arange(channels) - 1)
    return np.clip(image, 8, 247)


def leveled_images(image, coin, levels, run):
    """Each operation with a level at each of them: `(operations, levels, *image.shape)`."""
    which = np.repeat(np.arange(len(LEVELED)), len(levels)).astype("int32")[:, None]
    strength = np.tile(levels, len(LEVELED)).astype("float32")[:, None]
    chance = np.random.default_rng(1).integers(0, 2**24, (len(LEVELED), 8)) / 2**24
    chance = np.repeat(chance, len(levels), axis=0).astype("float32")[:, None]
    images = tf.repeat(image[None], len(which), axis=0)
    magnitude = magnitude_of(which, strength, tf.fill(which.shape, coin), LEVELED)
    steps = program.Steps(tf.constant(which), magnitude, tf.constant(chance))
    result = run(images, steps).numpy()
    return result.reshape(len(LEVELED), len(levels), *image.shape)


def change(images, steps):
    return program.run(images, steps, LEVELED, 100.0, (0, 255))


@pytest.fixture(scope="module")
def colored():
    """A picture in color, and it after each operation at each level, `(coins, operations, ...)`."""
    image = natural_image(40, 48, 3).astype("uint8")
    run = compiled(change)
    return image, np.stack([leveled_images(image, coin, LEVELS, run) for coin in (0.25, 0.75)])


@pytest.mark.parametrize("operation", TABLE, ids=lambda o: o.name)
def test_rows_are_complete(operation):
    assert OPERATIONS[operation.name] is operation
    assert operation.source
    assert (operation.low is None) == (operation.high is None)
    assert operation.has_level == bool(operation.unit)
    assert not (operation.is_geometric and operation.is_deformation)
    if operation.has_level:
        assert isinstance(operation.low, float)
        assert isinstance(operation.high, float)
        assert operation.low != operation.high


def test_names_are_unique():
    assert len(OPERATIONS) >= len(TABLE) == len({o.name for o in TABLE})


def test_level_0_is_the_identity_and_10_is_not(colored):
    image, sides = colored
    for changed in sides:
        for name, levels in zip(LEVELED, changed, strict=True):
            np.testing.assert_array_equal(levels[0], image, name)
            # All images of the batch are the same, so that mixing two of them shows nothing.
            # What moves the contents of boxes finds none.
            nothing = name in ("sample_pairing", "translate_y_only_boxes")
            assert (levels[-1] != image).any() != nothing, name


def test_effect_never_falls_as_the_level_grows(colored):
    image, sides = colored
    effect = abs(sides.astype(float) - image).mean((3, 4, 5))
    falling = [
        (name, effects)
        for side in effect
        for name, effects in zip(LEVELED, side, strict=True)
        if OPERATIONS[name].increasing and (np.diff(effects) < 0).any()
    ]
    assert not falling


@pytest.mark.parametrize(
    ("channels", "dtype"),
    [
        (1, "uint8"),
        pytest.param(5, "uint8", marks=pytest.mark.slow("all operations once more, as for one")),
        (3, "float32"),
    ],
)
def test_level_0_is_the_identity_for_other_channels_and_floats(channels, dtype):
    image = natural_image(9, 13, channels).astype(dtype)
    changed = leveled_images(image, 0.25, [0, 1], change)
    assert changed.dtype == dtype
    assert np.isfinite(changed).all()
    assert changed.min() >= 0
    assert changed.max() <= 255
    for name, levels in zip(LEVELED, changed, strict=True):
        np.testing.assert_array_equal(levels[0], image, name)


def test_uncompiled_is_as_compiled(colored):
    image, sides = colored
    plain = leveled_images(image, 0.25, LEVELS[7:8], change)[:, 0]
    for name, one, other in zip(LEVELED, plain.astype(int), sides[0, :, 7], strict=True):
        # Products and sums in one instruction may round to the other side of a whole number.
        assert abs(one - other).max() <= 1 or name == "jpeg", name
        assert (one != other).mean() < 0.02, name


def test_sizes_may_be_unknown_in_a_graph():
    image = natural_image(9, 13, 3).astype("uint8")

    def of_unknown_size(images, steps):
        signature = [tf.TensorSpec((None, None, None, 3), tf.uint8)]
        return tf.function(lambda x: change(x, steps), signature)(images)

    plain = leveled_images(image, 0.25, [0.7], change)
    got = leveled_images(image, 0.25, [0.7], of_unknown_size)
    assert abs(plain.astype(int) - got).max() <= 1
