"""Locally connected layers. Keras has none since version 3."""

import keras
from layer_step import Case

from kerasbook import layers


class Patches(keras.layers.Layer):
    """What places see, as `keras.ops.image.extract_patches` gives it, and an einsum."""

    def __init__(self, filters, size):
        super().__init__()
        self.filters, self.size = filters, size

    def build(self, shape):
        _, height, width, channels = shape
        places = (height - self.size + 1, width - self.size + 1)
        self.kernel = self.add_weight(shape=(*places, self.size**2 * channels, self.filters))
        self.bias = self.add_weight(shape=(*places, self.filters), initializer="zeros")

    def call(self, inputs):
        patches = keras.ops.image.extract_patches(inputs, self.size, 1)
        return keras.ops.einsum("bijk,ijkd->bijd", patches, self.kernel) + self.bias


CASES = [
    Case(
        "LocallyConnected2D(16, 3)",
        lambda: layers.LocallyConnected2D(16, 3),
        {
            "Keras composition": lambda: Patches(16, 3),
            "Conv2D": lambda: keras.layers.Conv2D(16, 3),
        },
        (32, 32, 32, 16),
    ),
]
