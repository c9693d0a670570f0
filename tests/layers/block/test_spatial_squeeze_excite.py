"""SpatialSqueezeExcite: the formula in NumPy, both data formats, its weights."""

import keras
import numpy as np
import pytest

from kerasbook.layers import SpatialSqueezeExcite


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("use_bias", [False, True])
def test_definition(data_format, use_bias, rng):
    x = rng.normal(size=(2, 4, 5, 6)).astype("float32")
    moved = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    layer = SpatialSqueezeExcite(data_format=data_format, use_bias=use_bias)
    layer.build(moved.shape)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    kernel, *bias = layer.get_weights()
    logits = x @ kernel[0, 0] + (bias[0] if use_bias else 0)
    y = keras.ops.convert_to_numpy(layer(moved))
    y = y if data_format == "channels_last" else y.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(y, x / (1 + np.exp(-logits)), atol=1e-5)
    assert layer.count_params() == 6 + use_bias


def test_gate_activation(rng):
    x = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    layer = SpatialSqueezeExcite(gate_activation="linear", kernel_initializer="ones")
    expected = x * x.sum(-1, keepdims=True)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), expected, atol=1e-5)


def test_bad_inputs_are_named():
    with pytest.raises(ValueError, match="static size"):
        SpatialSqueezeExcite().build((None, 3, 3, None))
    with pytest.raises(ValueError, match="`data_format` must be"):
        SpatialSqueezeExcite(data_format="last")
    with pytest.raises(ValueError, match="expected ndim=4"):
        SpatialSqueezeExcite()(np.zeros((2, 3, 4), "float32"))
