"""The base of layers with one kernel: what it leaves to its subclasses, and their errors."""

import keras
import numpy as np
import pytest

from kerasbook.layers.convolution.kernel_layer import KernelLayer, add_bias


class Window(KernelLayer):
    rank = 2


def test_subclasses_write_the_kernel_and_the_convolution():
    with pytest.raises(NotImplementedError):
        Window(1, 1).build((1, 4, 4, 1))
    with pytest.raises(NotImplementedError):
        Window(1, 1).convolve(None)


def test_shapes_follow_padding_and_data_format():
    layer = Window(3, 2, strides=2, data_format="channels_first", dilation_rate=2)
    assert layer.compute_output_shape((None, 5, 9, None)) == (None, 3, 4, None)
    with pytest.raises(ValueError, match="dilated kernel must not be larger than the inputs"):
        layer.compute_output_shape((None, 5, 2, 9))


def test_config_is_plain():
    config = Window(3, 2, kernel_regularizer="l2").get_config()
    assert config["kernel_size"] == [2, 2]
    assert config["kernel_regularizer"]["class_name"] == "L2"


def test_a_bias_is_not_mistaken_where_other_axes_have_its_size():
    bias = np.arange(4.0, dtype="float32")
    outputs = keras.ops.zeros((2, 4, 4, 4))
    last = keras.ops.convert_to_numpy(add_bias(outputs, bias, "channels_last"))
    first = keras.ops.convert_to_numpy(add_bias(outputs, bias, "channels_first"))
    np.testing.assert_array_equal(last[1, 2, 3], bias)
    np.testing.assert_array_equal(first[1, :, 2, 3], bias)
    placed = np.arange(48.0, dtype="float32").reshape(3, 4, 4)
    outputs = keras.ops.zeros((2, 4, 3, 4))
    first = keras.ops.convert_to_numpy(add_bias(outputs, placed, "channels_first"))
    np.testing.assert_array_equal(first[1], placed.transpose(2, 0, 1))
