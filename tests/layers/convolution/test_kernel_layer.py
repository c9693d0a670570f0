"""The base of layers with one kernel: what it leaves to its subclasses, and their errors."""

import pytest

from kerasbook.layers.convolution.kernel_layer import KernelLayer


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
