"""GroupNormalization: the definition, Keras' numbers, and its two ends."""

import keras
import numpy as np
import pytest
from helpers.definitions import normalize

from kerasbook.layers import GroupNormalization


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize("options", [{}, {"axis": 1}, {"center": False}, {"scale": False}])
def test_drop_in_for_keras(options, rng):
    x = rng.normal(2, 3, size=(2, 6, 5, 6)).astype("float32")
    ours = GroupNormalization(3, **options)
    theirs = keras.layers.GroupNormalization(3, **options)
    ours.build(x.shape)
    theirs.build(x.shape)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    ours.set_weights([rng.normal(size=w.shape) for w in ours.weights])
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(numpy(ours(x)), numpy(theirs(x)), atol=1e-4)


def test_definition_and_both_ends(rng):
    x = rng.normal(1, 2, size=(3, 4, 5, 6)).astype("float32")
    grouped = normalize(x.reshape(3, 4, 5, 2, 3), (1, 2, 4), 1e-3).reshape(x.shape)
    np.testing.assert_allclose(numpy(GroupNormalization(2)(x)), grouped, atol=1e-5)
    layer_norm = normalize(x, (1, 2, 3), 1e-3)
    np.testing.assert_allclose(numpy(GroupNormalization(1)(x)), layer_norm, atol=1e-5)
    instance_norm = normalize(x, (1, 2), 1e-3)
    np.testing.assert_allclose(numpy(GroupNormalization(6)(x)), instance_norm, atol=1e-5)
    np.testing.assert_allclose(numpy(GroupNormalization(-1)(x)), instance_norm, atol=1e-5)


def test_minus_one_stays_in_the_config(rng):
    layer = GroupNormalization(-1)
    layer(rng.normal(size=(2, 3, 4)).astype("float32"))
    assert layer.get_config()["groups"] == -1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": 0}, "`groups` must be a positive integer or -1.*groups=0"),
        ({"groups": 2.0}, "`groups` must be a positive integer or -1.*groups=2.0"),
        ({"epsilon": 0}, "`epsilon` must be above 0.*epsilon=0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        GroupNormalization(**arguments)


def test_bad_channels_are_named():
    with pytest.raises(ValueError, match="`groups` must divide.*groups=4, channels=6"):
        GroupNormalization(4)(np.zeros((1, 3, 6), "float32"))
