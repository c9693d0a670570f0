"""Locally connected and tiled layers. Keras has none of them since version 3."""

import itertools

import keras
from layer_step import Case

from kerasbook import layers


class Patches(keras.layers.Layer):
    """What places see, laid out as a tensor, and an einsum."""

    def __init__(self, filters, size):
        super().__init__()
        self.filters, self.size = filters, size

    def build(self, shape):
        places = tuple(length - self.size + 1 for length in shape[1:-1])
        seen = self.size ** len(places) * shape[-1]
        self.kernel = self.add_weight(shape=(*places, seen, self.filters))
        self.bias = self.add_weight(shape=(*places, self.filters), initializer="zeros")

    def view(self, tap):
        spans = zip(tap, self.bias.shape, strict=False)
        return [slice(start, start + length) for start, length in spans]

    def call(self, inputs):
        rank = len(inputs.shape) - 2
        if rank == 2:
            patches = keras.ops.image.extract_patches(inputs, self.size, 1)
        else:
            taps = itertools.product(range(self.size), repeat=rank)
            views = [inputs[(slice(None), *self.view(tap))] for tap in taps]
            patches = keras.ops.concatenate(views, -1)
        places = "hwd"[:rank]
        equation = f"b{places}k,{places}kf->b{places}f"
        return keras.ops.einsum(equation, patches, self.kernel) + self.bias


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


class Alternating(keras.layers.Layer):
    """Two strided convolutions of a sequence of odd length, stacked and interleaved."""

    def __init__(self, filters, size):
        super().__init__()
        self.parts = [keras.layers.Conv1D(filters, size, strides=2) for _ in range(2)]

    def call(self, inputs):
        first, second = self.parts[0](inputs), self.parts[1](inputs[:, 1:])
        last = first[:, second.shape[1] :]  # one more of the first, or none
        both = keras.ops.stack([first[:, : second.shape[1]], second], 2)
        both = keras.ops.reshape(both, (-1, 2 * second.shape[1], first.shape[-1]))
        return keras.ops.concatenate([both, last], 1)


CASES = [
    Case(
        "LocallyConnected1D(32, 5)",
        lambda: layers.LocallyConnected1D(32, 5),
        {
            "Keras composition": lambda: Patches(32, 5),
            "Conv1D": lambda: keras.layers.Conv1D(32, 5),
        },
        (64, 256, 32),
        pairs=11,
    ),
    Case(
        "LocallyConnected3D(8, 3)",
        lambda: layers.LocallyConnected3D(8, 3),
        {
            "Keras composition": lambda: Patches(8, 3),
            "Conv3D": lambda: keras.layers.Conv3D(8, 3),
        },
        (8, 12, 12, 12, 8),
        pairs=11,
    ),
    Case(
        "LocallyConnected2D(16, 3)",
        lambda: layers.LocallyConnected2D(16, 3),
        {
            "Keras composition": lambda: Patches(16, 3),
            "Conv2D": lambda: keras.layers.Conv2D(16, 3),
        },
        (32, 32, 32, 16),
    ),
    Case(
        "TiledConv1D(32, 5, tile=2)",
        lambda: layers.TiledConv1D(32, 5, tile=2),
        {
            "Keras composition": lambda: Alternating(32, 5),
            "Conv1D": lambda: keras.layers.Conv1D(32, 5),
        },
        (64, 257, 32),
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
