"""Chains, concatenations and units: shapes, order, and that training reaches every part."""

import keras
import numpy as np

from kerasbook.layers.structure import Chain, Concatenation, Sum, Unit


class Add(keras.layers.Layer):
    """Adds a number, in training another."""

    def __init__(self, number, in_training, **kwargs):
        super().__init__(**kwargs)
        self.number, self.in_training = number, in_training

    def call(self, inputs, training=False):
        return inputs + (self.in_training if training else self.number)

    def compute_output_shape(self, input_shape):
        return input_shape


class Outer(keras.layers.Layer):
    """What a composite layer does: its own `training` reaches its body by Keras' context."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def call(self, inputs, training=False):
        return self.body(inputs)


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def test_training_reaches_parts_of_parts():
    layer = Outer(Chain([Add(1, 10), Concatenation([Add(2, 20), Chain([])], axis=-1)]))
    x = np.zeros((1, 1), "float32")
    assert numpy(layer(x)).tolist() == [[3, 1]]
    assert numpy(layer(x, training=True)).tolist() == [[30, 10]]


def test_shapes_are_those_of_the_parts():
    dense = [keras.layers.Dense(units) for units in (3, 4)]
    both = Concatenation(dense, axis=-1)
    chain = Chain([both, keras.layers.Dense(2)])
    chain.build((None, 5))
    assert chain.parts[1].kernel.shape == (7, 2)
    assert both.compute_output_shape((None, 5)) == (None, 7)
    assert chain.compute_output_shape((None, 5)) == (None, 2)


def test_a_unit_normalizes_after_the_convolution_or_before():
    made = []

    def normalization(channels):
        made.append(channels)
        return Add(1, 1)

    for first, expected in ((False, 12.0), (True, 12.0)):
        unit = Unit(
            keras.layers.Dense(4, kernel_initializer="ones", use_bias=False),
            normalization=normalization,
            activation=lambda x: 2 * x,
            activation_first=first,
        )
        y = numpy(unit(np.full((1, 3), 5 / 3 if not first else 1, "float32")))
        np.testing.assert_allclose(y, np.full((1, 4), expected), rtol=1e-6)
    assert made == [4, 3]
    bare = Unit(
        keras.layers.Dense(2, kernel_initializer="ones"), normalization=None, activation=None
    )
    assert numpy(bare(np.ones((1, 3), "float32"))).tolist() == [[3, 3]]


def test_a_sum_adds_what_its_parts_make_of_the_same_inputs():
    both = Sum([Chain([]), Add(1, 1), keras.layers.Dense(3, kernel_initializer="ones")])
    both.build((None, 3))
    assert numpy(both(np.array([[1, 2, 4]], "float32"))).tolist() == [[10, 12, 16]]
    assert both.compute_output_shape((None, 3)) == (None, 3)
