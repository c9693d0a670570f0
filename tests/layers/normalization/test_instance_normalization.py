"""InstanceNormalization: the definition, both ends of the channels, and a config of its own."""

import keras
import numpy as np
import pytest

from kerasbook.layers import InstanceNormalization


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize("options", [{}, {"center": False}, {"scale": False}, {"epsilon": 0.5}])
def test_definition(options, rng):
    x = rng.normal(2, 3, size=(2, 4, 5, 3)).astype("float32")
    layer = InstanceNormalization(**options)
    layer.build(x.shape)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    expected = np.empty(x.shape)
    for n in range(2):
        for c in range(3):
            plane = x[n, :, :, c].astype("float64")
            deviation = np.sqrt(plane.var() + options.get("epsilon", 1e-3))
            gamma = 1 if layer.gamma is None else numpy(layer.gamma)[c]
            beta = 0 if layer.beta is None else numpy(layer.beta)[c]
            expected[n, :, :, c] = gamma * (plane - plane.mean()) / deviation + beta
    np.testing.assert_allclose(numpy(layer(x)), expected, atol=1e-5)


def test_channels_may_stand_first(rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    first = numpy(InstanceNormalization(axis=1)(x))
    last = numpy(InstanceNormalization()(x.transpose(0, 2, 3, 1)))
    np.testing.assert_allclose(first, last.transpose(0, 3, 1, 2), atol=1e-6)


def test_groups_are_neither_an_argument_nor_in_the_config():
    assert "groups" not in InstanceNormalization().get_config()
    with pytest.raises(TypeError, match="groups"):
        InstanceNormalization(groups=2)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`epsilon` must be above 0.*epsilon=0"):
        InstanceNormalization(epsilon=0)
    with pytest.raises(ValueError, match="must have positions.*input_shape=\\(2, 3\\)"):
        InstanceNormalization()(np.zeros((2, 3), "float32"))
