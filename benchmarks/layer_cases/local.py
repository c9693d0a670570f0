"""Locally connected and tiled layers. Keras has none of them since version 3."""

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


class Interleaved(keras.layers.Layer):
    """A strided convolution for each kernel of the tile, stacked and interleaved."""

    def __init__(self, filters, size, tile):
        super().__init__()
        self.size, self.tile = size, tile
        self.parts = [keras.layers.Conv2D(filters, size, strides=tile) for _ in range(tile**2)]

    def call(self, inputs):
        height, width = (size - self.size + 1 for size in inputs.shape[1:3])
        extra = self.size - 1
        rows = []
        for i in range(self.tile):
            ys = []
            for j in range(self.tile):
                view = inputs[:, i : height - self.tile + 1 + i + extra]
                view = view[:, :, j : width - self.tile + 1 + j + extra]
                ys.append(self.parts[i * self.tile + j](view))
            rows.append(keras.ops.stack(ys, 3))
        y = keras.ops.stack(rows, 2)  # (batch, rounds, tile, rounds, tile, filters)
        return keras.ops.reshape(y, (-1, height, width, y.shape[-1]))


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
    *(
        Case(
            f"TiledConv2D(16, 3, tile={tile})",
            lambda tile=tile: layers.TiledConv2D(16, 3, tile=tile),
            {
                "Keras composition": lambda tile=tile: Interleaved(16, 3, tile),
                "Conv2D": lambda: keras.layers.Conv2D(16, 3),
            },
            (32, 32, 32, 16),
            pairs=11,
        )
        for tile in (2, 5, 10)
    ),
]
