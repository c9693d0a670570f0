"""Inverted dropout, whose draws differ on every replica."""

import keras

from kerasbook import ops
from kerasbook.layers.regularization.drop_path import DropPath


@keras.saving.register_keras_serializable(package="kerasbook")
class Dropout(DropPath):
    """Zeroes single values: `DropPath` with one coin per value, as in `keras.layers.Dropout`.

    The blocks use it; Keras' own draws the same mask on every replica of a strategy.
    """

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        return self.apply(inputs, self.draw(keras.ops.shape(inputs)))

    def draw(self, shape, seed=None):
        """Draws which values survive: booleans of `shape`, from `seed` or our own."""
        if seed is None:
            seed = self.seed_generator
        return ops.random_uniform(shape, seed) >= self.rate

    def apply(self, inputs, survives):
        """Zeroes the values that do not survive and divides the others by `1 - rate`."""
        scale = keras.ops.cast(survives, inputs.dtype) / (1 - self.rate)
        return inputs * scale
