"""The axes of the outputs, of every kind of layer with a kernel, by what an output depends on."""

import keras
import numpy as np
import pytest

from kerasbook import layers
from kerasbook.layers.kernel_axes import channel_axis, kernel_of, output_axes

LAYERS = [
    (lambda: keras.layers.Dense(5), (2, 3)),
    (lambda: keras.layers.Conv1D(6, 2, groups=3), (2, 7, 3)),
    (lambda: keras.layers.Conv2D(5, 2), (2, 7, 6, 3)),
    (lambda: layers.Conv2D(6, 2, groups=3), (2, 7, 6, 3)),
    (lambda: keras.layers.Conv3D(5, 2), (2, 4, 5, 3, 3)),
    (lambda: keras.layers.DepthwiseConv1D(2, depth_multiplier=2), (2, 7, 3)),
    (lambda: keras.layers.DepthwiseConv2D(2, depth_multiplier=2), (2, 7, 6, 3)),
    (lambda: keras.layers.Conv1DTranspose(5, 2), (2, 7, 3)),
    (lambda: keras.layers.Conv2DTranspose(5, 2), (2, 4, 3, 3)),
    (lambda: keras.layers.Conv3DTranspose(5, 2), (2, 3, 4, 2, 3)),
]


@pytest.mark.parametrize(("make", "shape"), LAYERS)
def test_scaling_along_the_axes_scales_the_channels(make, shape, rng):
    layer = make()
    x = rng.normal(size=shape).astype("float32")
    before = keras.ops.convert_to_numpy(layer(x))
    kernel = kernel_of(layer)
    axes = output_axes(layer)
    assert channel_axis(layer) == -1
    factors = rng.uniform(1, 2, before.shape[-1])
    shape = [size if i - len(kernel.shape) in axes else 1 for i, size in enumerate(kernel.shape)]
    kernel.assign(kernel.numpy() * factors.reshape(shape))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), before * factors, atol=1e-5)


def test_channels_first_is_told_by_the_data_format():
    assert channel_axis(keras.layers.Conv2D(5, 2, data_format="channels_first")) == 1


def test_layers_without_one_kernel_are_named():
    separable = keras.layers.SeparableConv2D(4, 3, name="two")
    separable.build((None, 5, 5, 3))
    with pytest.raises(ValueError, match="one variable named 'kernel'.*'two' of class Separable"):
        kernel_of(separable)
    with pytest.raises(ValueError, match="no axis of outputs in general.*'einsum'"):
        output_axes(keras.layers.EinsumDense("ab,bc->ac", 4, name="einsum"))
