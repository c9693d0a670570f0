"""Promises of every operation of the table: levels, identity, growth, channels and dtypes."""

import dataclasses
import itertools

import numpy as np
import pytest
from helpers.pictures import carried_out, natural
from keras import ops

from kerasbook.augmentation import get_operation, list_operations, register_operation

ALL = list_operations()
LEVELED = [name for name in ALL if get_operation(name).has_level]


def magnitude(name, strength):
    operation = get_operation(name)
    value = operation.low + strength * (operation.high - operation.low)
    return np.floor(value + 0.5) if operation.whole else value


def chances(name, count, rng):
    return rng.uniform(size=(count, get_operation(name).num_chances))


@pytest.mark.parametrize("name", LEVELED)
def test_level_0_is_the_identity(name, rng):
    images = np.concatenate([natural(rng, 3), rng.integers(0, 256, (3, 23, 34, 3))])
    images = images.astype("uint8")
    found = carried_out(name, images, magnitude(name, 0), chances(name, 6, rng))
    np.testing.assert_array_equal(found, images)


GROWING = [
    name
    for name in LEVELED
    if get_operation(name).increasing and not get_operation(name).needs_boxes
]


@pytest.mark.parametrize("name", [n for n in GROWING if not get_operation(n).is_geometric])
def test_the_change_of_values_does_not_fall_with_the_level(name, rng):
    images, drawn = natural(rng, 3, (32, 40)), chances(name, 3, rng)
    effects = [
        np.abs(carried_out(name, images, magnitude(name, s), drawn).astype(float) - images).mean()
        for s in np.linspace(0, 1, 6)
    ]
    assert effects[0] == 0
    assert effects[-1] > 0.5
    assert all(b >= a for a, b in itertools.pairwise(effects)), effects


@pytest.mark.parametrize("name", [n for n in GROWING if get_operation(n).is_geometric])
def test_the_way_of_pixels_does_not_fall_with_the_level(name, rng):
    strengths = np.linspace(0, 1, 6)
    magnitudes = ops.convert_to_tensor(np.array([magnitude(name, s) for s in strengths]))
    drawn = np.repeat(chances(name, 1, rng), 6, axis=0)
    parameters = get_operation(name).parameters(magnitudes, ops.convert_to_tensor(drawn), 32, 40)
    numbers = [ops.convert_to_numpy(p) for p in parameters]
    numbers += [np.zeros(6)] * (8 - len(numbers)) + [np.ones(6)]
    matrices = np.stack(numbers, -1).reshape(6, 3, 3)
    places = np.array([[x, y, 1] for x in (0, 40) for y in (0, 32)], float)
    source = np.einsum("lij,pj->lpi", matrices, places)
    ways = np.abs(source[..., :2] / source[..., 2:] - places[:, :2]).sum(-1).mean(-1)
    assert ways[0] == 0
    assert (np.diff(ways) >= 0).all(), ways
    assert ways[-1] > ways[0]


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("name", ALL)
def test_shape_and_dtype_stay(name, dtype, channels, rng):
    operation = get_operation(name)
    images = natural(rng, 2, channels=channels).astype(dtype)
    strength = magnitude(name, 0.7) if operation.has_level else 0
    found = carried_out(name, images, strength, chances(name, 2, rng))
    assert found.shape == images.shape
    assert found.dtype == images.dtype
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 255


@pytest.mark.parametrize("name", ALL)
def test_each_says_its_unit_and_source(name):
    operation = get_operation(name)
    assert operation.source
    assert bool(operation.unit) == operation.has_level
    assert (operation.high is not None) == operation.has_level


def test_an_unknown_name_lists_the_nearest():
    with pytest.raises(ValueError, match=r"operation='rotat'.*rotate"):
        get_operation("rotat")


def test_names_are_registered_once():
    operation = get_operation("rotate")
    register_operation(operation)
    with pytest.raises(ValueError, match="`name` must be free"):
        register_operation(dataclasses.replace(operation, high=1.0))
