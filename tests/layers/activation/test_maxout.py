"""Maxout: the formula in NumPy, its parameters, ReLU and leaky ReLU within it."""

import keras
import numpy as np
import pytest

from kerasbook.layers import Maxout


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("shape", [(3, 5), (2, 4, 3, 5)])
def test_definition(rng, shape, use_bias):
    x = rng.normal(size=shape).astype("float32")
    layer = Maxout(4, 3, use_bias=use_bias)
    layer.build(shape)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    kernel, *bias = layer.get_weights()
    assert kernel.shape == (5, 12)
    expected = np.full((*shape[:-1], 4), -np.inf)
    for piece in range(3):
        for unit in range(4):
            column = piece * 4 + unit
            line = x @ kernel[:, column] + (bias[0][column] if use_bias else 0)
            expected[..., unit] = np.maximum(expected[..., unit], line)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), expected, atol=1e-5)


@pytest.mark.parametrize(("slope", "activation"), [(0.0, "relu"), (0.01, "leaky")])
def test_relu_and_leaky_relu_are_special_cases(rng, slope, activation):
    x = rng.normal(size=(6, 5)).astype("float32")
    kernel, bias = rng.normal(size=(5, 3)), rng.normal(size=3)
    layer = Maxout(3)
    layer.build(x.shape)
    layer.set_weights([np.hstack([kernel, slope * kernel]), np.hstack([bias, slope * bias])])
    line = x @ kernel + bias
    expected = np.where(line > 0, line, slope * line)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), expected, atol=1e-5)


def test_two_pieces_double_the_parameters_of_a_neuron():
    maxout, dense = Maxout(7), keras.layers.Dense(7)
    for layer in (maxout, dense):
        layer.build((None, 11))
    assert maxout.count_params() == 2 * dense.count_params()


def test_regularizers_and_constraints_are_kept():
    layer = Maxout(2, kernel_regularizer="l2", bias_regularizer="l1", kernel_constraint="max_norm")
    layer.build((None, 3))
    assert len(layer.losses) == 2
    again = Maxout.from_config(layer.get_config())
    assert isinstance(again.kernel_constraint, keras.constraints.MaxNorm)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "`units` must be a positive integer.*units=0"),
        ((3, 0), "`num_pieces` must be a positive integer.*num_pieces=0"),
        ((3, True), "`num_pieces` must be a positive integer"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Maxout(*arguments)
    with pytest.raises(ValueError, match="static size"):
        Maxout(2).build((2, None))


def test_a_batch_of_none():
    x = np.zeros((0, 5, 3), "float32")
    assert tuple(Maxout(2)(x).shape) == (0, 5, 2)


def test_masks_pass_through():
    assert Maxout(2).supports_masking


def test_use_bias_is_true_or_false():
    with pytest.raises(ValueError, match="`use_bias` must be True or False"):
        Maxout(2, use_bias="yes")
