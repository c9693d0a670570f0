"""LayerScale: the definition on any axis, where it begins, its penalty, bad arguments."""

import keras
import numpy as np
import pytest

from kerasbook.layers import LayerScale


@pytest.mark.parametrize(
    ("shape", "axis"), [((3, 4), -1), ((3, 5, 7, 4), -1), ((3, 4, 5, 7), 1), ((2, 3, 2, 5, 4), 3)]
)
def test_definition(shape, axis, rng):
    x = rng.normal(size=shape).astype("float32")
    layer = LayerScale(axis=axis)
    layer.build((None, *shape[1:]))
    gamma = rng.normal(size=shape[axis]).astype("float32")
    layer.set_weights([gamma])
    expected = np.empty(shape, "float32")
    for index in np.ndindex(*shape):
        expected[index] = gamma[index[axis]] * x[index]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), expected, rtol=1e-6)


def test_begins_at_its_value():
    layer = LayerScale(-0.25, gamma_regularizer=keras.regularizers.L2(2.0))
    layer.build((None, 6, 3))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer.gamma), [-0.25] * 3)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer.losses[0]), 2 * 3 * 0.25**2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"initial_value": 0},
            "`initial_value` must be a number other than 0. Received: initial_value=0",
        ),
        ({"initial_value": "small"}, "`initial_value` must be a number other than 0.*'small'"),
        ({"axis": 0}, "`axis` must be an axis of the inputs, not the batch's.*axis=0"),
        ({"axis": 2}, "static size"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        LayerScale(**options).build((None, 3, None, 4))
