"""TiledConv1D: two kernels in turn, by hand."""

import keras
import numpy as np

from kerasbook.layers import TiledConv1D


def test_two_kernels_and_biases_in_turn_on_an_odd_number_of_steps():
    layer = TiledConv1D(1, 2, tile=2)
    layer.build((None, 6, 1))
    kernel = np.array([[1, 10], [-1, 100]])  # taps, tile: a difference, and 10 x + 100 x
    layer.set_weights([kernel.reshape(2, 2, 1, 1), np.array([[0.5], [0.25]])])
    x = np.array([1, 2, 4, 7, 11, 16], "float32").reshape(1, 6, 1)
    y = keras.ops.convert_to_numpy(layer(x)).ravel()
    expected = [-1 + 0.5, 20 + 400 + 0.25, -3 + 0.5, 70 + 1100 + 0.25, -5 + 0.5]
    assert y.tolist() == expected
