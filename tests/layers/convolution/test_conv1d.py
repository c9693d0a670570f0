"""Conv1D: causal padding, the book's sequence of five."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import Conv1D


@pytest.mark.parametrize(("strides", "rate"), [(1, 1), (1, 3), (2, 1)])
def test_causal_outputs_see_no_later_input(strides, rate, rng):
    x = rng.normal(size=(2, 10, 3)).astype("float32")
    layer = Conv1D(4, 3, strides, "causal", dilation_rate=rate)
    layer.build(x.shape)
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    y = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, convolve(x, kernel, (strides,), "causal", (rate,)), atol=1e-5)
    assert y.shape == layer.compute_output_shape(x.shape)
    later = x.copy()
    later[:, 5:] = 9
    changed = keras.ops.convert_to_numpy(layer(later))
    np.testing.assert_array_equal(changed[:, : -(-5 // strides)], y[:, : -(-5 // strides)])


def test_the_books_sequence_of_five():
    x = np.array([0, 1, 2, -1, 1, -3, 0], "float32")[None, :, None]  # padded by one
    for strides, expected in ((1, [-2, 2, 1, 2, 1]), (2, [-2, 1, 1])):
        layer = Conv1D(1, 3, strides=strides, use_bias=False)
        layer.build(x.shape)
        layer.set_weights([np.array([1, 0, -1.0]).reshape(3, 1, 1)])
        y = keras.ops.convert_to_numpy(layer(x))
        assert y.ravel().tolist() == expected
