"""Chains, branches and sums of layers: what composite layers are wired of.

They are parts of public layers, which make them anew from their own arguments; so they have
no config. The mode of training reaches every part through Keras' call context. Each tells
`kerasbook.receptive_field` its steps.
"""

import functools
import operator

import keras
from keras import ops


class Structure(keras.layers.Layer):
    """Base of the structures: a list of parts, each of them a layer."""

    def __init__(self, parts, **kwargs):
        super().__init__(**kwargs)
        self.parts = list(parts)


class Chain(Structure):
    """Calls its parts one after the other; without parts it is the identity."""

    def build(self, input_shape):
        for part in self.parts:
            part.build(input_shape)
            input_shape = part.compute_output_shape(input_shape)

    def call(self, inputs):
        for part in self.parts:
            inputs = part(inputs)
        return inputs

    def compute_output_shape(self, input_shape):
        for part in self.parts:
            input_shape = part.compute_output_shape(input_shape)
        return input_shape

    def receptive_field_steps(self):
        return [self.parts]


class Branches(Structure):
    """Base of the structures that call every part on the same inputs."""

    def build(self, input_shape):
        for part in self.parts:
            part.build(input_shape)

    def receptive_field_steps(self):
        return [[part] for part in self.parts]


class Sum(Branches):
    """Calls every part on the same inputs and adds the results."""

    def call(self, inputs):
        return functools.reduce(operator.add, (part(inputs) for part in self.parts))

    def compute_output_shape(self, input_shape):
        return self.parts[0].compute_output_shape(input_shape)


class Concatenation(Branches):
    """Calls every part on the same inputs and concatenates the results along `axis`."""

    def __init__(self, parts, axis, **kwargs):
        super().__init__(parts, **kwargs)
        self.axis = axis

    def call(self, inputs):
        return ops.concatenate([part(inputs) for part in self.parts], axis=self.axis)

    def compute_output_shape(self, input_shape):
        shapes = [part.compute_output_shape(input_shape) for part in self.parts]
        shape = list(shapes[0])
        shape[self.axis] = sum(each[self.axis] for each in shapes)
        return tuple(shape)


class Unit(keras.layers.Layer):
    """A convolution, then a normalization and an activation; or these two before it.

    Args:
        convolution: The convolution, or any layer.
        normalization: Function from a number of channels to a layer, or `None`.
        activation: Function or layer, or `None`.
        activation_first: Whether normalization and activation come before the convolution.
        axis: The channel axis.
        **kwargs: Passed to `keras.layers.Layer`.
    """

    works_in_place = True

    def __init__(
        self, convolution, *, normalization, activation, activation_first=False, axis=-1, **kwargs
    ):
        super().__init__(**kwargs)
        self.convolution = convolution
        self.make_normalization = normalization
        self.activation = activation
        self.activation_first = activation_first
        self.axis = axis

    def build(self, input_shape):
        self.convolution.build(input_shape)
        shape = input_shape if self.activation_first else self.compute_output_shape(input_shape)
        if isinstance(self.activation, keras.layers.Layer):
            self.activation.build(shape)
        self.normalization = None
        if self.make_normalization is not None:
            self.normalization = self.make_normalization(shape[self.axis])
            self.normalization.build(shape)
            self.normalization.trainable = self.trainable

    def call(self, inputs):
        if self.activation_first:
            return self.convolution(self._activate(inputs))
        return self._activate(self.convolution(inputs))

    def _activate(self, x):
        if self.normalization is not None:
            x = self.normalization(x)
        return x if self.activation is None else self.activation(x)

    def compute_output_shape(self, input_shape):
        return self.convolution.compute_output_shape(input_shape)

    def receptive_field_steps(self):
        return [[part for part in (self.convolution, self.normalization) if part is not None]]
