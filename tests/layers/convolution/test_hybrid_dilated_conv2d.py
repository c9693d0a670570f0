"""HybridDilatedConv2D: the two rules, what is seen against the gradient's own support."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import DilatedConv2D, HybridDilatedConv2D
from kerasbook.layers.convolution.hybrid_dilated_conv2d import _greatest_distance


@pytest.mark.parametrize(
    ("rates", "size"),
    [
        ([1, 2, 5], 3),
        ([1, 2, 5, 1, 2, 5], 3),
        ([2, 3, 5], 3),
        ([1], 3),
        ([1, 2, 9], 5),
        ([1, 2, 2, 5], 3),
        ([1, 2, 4, 9], 3),
        ([1, 1, 1], 2),
        ([3, 4], (1, 5)),
    ],
)
def test_rates_that_keep_the_rules_are_taken(rates, size):
    assert HybridDilatedConv2D(4, size, dilation_rates=rates).dilation_rates == tuple(rates)


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ([2, 4, 8], r"no common divisor above 1.*\(2, 4, 8\), all multiples of 2"),
        ([2, 2, 2], "no common divisor above 1"),
        ([2], "no common divisor above 1"),
        ([1, 2, 9], r"M_2 <= kernel size.*\(1, 2, 9\).*M_2=5, kernel size 3"),
        ([1, 2, 5, 1, 2, 9], r"of which \(1, 2, 9\) has M_2=5"),
        ([1, 4], "M_2=4, kernel size 3"),
        ([9, 1], r"of which \(9,\) has M_2=9"),
        ([], "must be a list of positive integers"),
        ([1, 0], "must be a positive integer or 2 of them"),
        (3, "must be a list"),
    ],
)
def test_rates_that_break_a_rule_are_named(rates, message):
    with pytest.raises(ValueError, match=message):
        HybridDilatedConv2D(4, 3, dilation_rates=rates)


@pytest.mark.parametrize(
    ("rates", "distance"),
    [([1, 2, 5], 2), ([1, 2, 9], 5), ([2, 3, 5], 3), ([1, 9, 2], 16), ([3, 1, 2, 9], 3), ([4], 4)],
)
def test_the_formula_of_the_paper_for_rates_in_any_order(rates, distance):
    assert _greatest_distance(rates) == distance


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("rates", "size", "sees_all"),
    [
        ([1, 2, 5], 3, True),
        ([1, 2], 3, True),
        ([2, 3, 5], 3, False),
        ([1, 2, 5, 1, 2, 5], 3, True),
        ([1, 3], (3, 5), True),
        ([1, 2], (2, 4), True),
    ],
)
def test_what_it_sees_is_the_support_of_the_gradient(rates, size, sees_all):
    import tensorflow as tf

    layer = HybridDilatedConv2D(1, size, dilation_rates=rates, kernel_initializer="ones")
    height, width = layer.receptive_field
    middle = 40
    x = tf.Variable(tf.ones((1, 2 * middle, 2 * middle, 1)))
    with tf.GradientTape() as tape:
        y = layer(x)[0, middle, middle, 0]
    seen = tape.gradient(y, x).numpy()[0, ..., 0] > 0
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (height, width)
    box = seen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert bool(box.all()) is layer.sees_every_pixel is sees_all


@pytest.mark.tensorflow
def test_equal_rates_see_a_grid():
    import tensorflow as tf

    x = tf.Variable(tf.ones((1, 21, 21, 1)))
    layers = [DilatedConv2D(1, 3, kernel_initializer="ones") for _ in range(3)]
    with tf.GradientTape() as tape:
        y = x
        for layer in layers:
            y = layer(y)
        y = y[0, 10, 10, 0]
    seen = tape.gradient(y, x).numpy()[0, 4:17, 4:17, 0] > 0
    assert seen.sum() == 49
    assert seen[::2, ::2].all()


def test_definition(rng):
    x = rng.normal(size=(2, 7, 8, 2)).astype("float32")
    layer = HybridDilatedConv2D(3, 3, dilation_rates=[1, 2], activation="relu")
    layer.build(x.shape)
    k1, b1, k2, b2 = layer.get_weights()
    y = np.maximum(convolve(x, k1, padding="same") + b1, 0)
    y = np.maximum(convolve(y, k2, padding="same", dilation_rate=(2, 2)) + b2, 0)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), y, atol=1e-4)
