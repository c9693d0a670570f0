"""Convolutions and the layers made of them."""

import keras
from layer_step import Case

from kerasbook import layers

SMALL, MIDDLE = (16, 28, 28, 64), (32, 32, 32, 32)
SAME = {"padding": "same"}


def chain(*parts):
    """Returns a Keras layer that calls others one after the other."""
    return keras.Sequential(parts)


class Branches(keras.layers.Layer):
    """Calls layers on the same inputs and concatenates the results."""

    def __init__(self, *parts):
        super().__init__()
        self.parts = parts

    def call(self, inputs, training=False):
        return keras.ops.concatenate([part(inputs, training=training) for part in self.parts], -1)


class Shuffled(keras.layers.Layer):
    """Keras' grouped convolution, reshaped, transposed and reshaped back."""

    def __init__(self, filters, groups):
        super().__init__()
        self.convolution = keras.layers.Conv2D(filters, 3, groups=groups, padding="same")
        self.groups = groups

    def call(self, inputs):
        y = self.convolution(inputs)
        shape = keras.ops.shape(y)
        y = keras.ops.reshape(y, (*shape[:-1], self.groups, -1))
        return keras.ops.reshape(keras.ops.swapaxes(y, -1, -2), shape)


class Flipped(keras.layers.Layer):
    """A convolution of Keras' operations with the kernel flipped."""

    def __init__(self, filters, rank):
        super().__init__()
        self.filters, self.rank = filters, rank

    def build(self, shape):
        self.kernel = self.add_weight(shape=(*(3,) * self.rank, shape[-1], self.filters))
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros")

    def call(self, inputs):
        kernel = keras.ops.flip(self.kernel, tuple(range(self.rank)))
        return keras.ops.conv(inputs, kernel, padding="same") + self.bias


class ShuffleAlone(keras.layers.Layer):
    """Channels split in groups, transposed and joined."""

    def call(self, inputs):
        shape = keras.ops.shape(inputs)
        y = keras.ops.reshape(inputs, (*shape[:-1], 4, -1))
        return keras.ops.reshape(keras.ops.swapaxes(y, -1, -2), shape)


class Pyramid(keras.layers.Layer):
    """DeepLabv3's pyramid of Keras' layers."""

    def __init__(self, filters, rates):
        super().__init__()
        sizes = [(1, 1)] + [(3, rate) for rate in rates]
        self.branches = [
            norm_relu(keras.layers.Conv2D(filters, k, dilation_rate=r, use_bias=False, **SAME))
            for k, r in sizes
        ]
        self.pooled = norm_relu(keras.layers.Conv2D(filters, 1, use_bias=False))
        self.mix = norm_relu(keras.layers.Conv2D(filters, 1, use_bias=False))

    def call(self, inputs, training=False):
        ys = [branch(inputs, training=training) for branch in self.branches]
        mean = keras.ops.mean(inputs, (1, 2), keepdims=True)
        mean = self.pooled(mean, training=training)
        ys.append(keras.ops.broadcast_to(mean, keras.ops.shape(ys[0])))
        return self.mix(keras.ops.concatenate(ys, -1), training=training)


def norm_relu(convolution):
    return chain(convolution, keras.layers.BatchNormalization(), keras.layers.ReLU())


def conv(*arguments, **options):
    return keras.layers.Conv2D(*arguments, **{**SAME, **options})


CASES = [
    Case(
        "Conv1D(64, 5, dilation_rate=2)",
        lambda: layers.Conv1D(64, 5, dilation_rate=2, padding="same"),
        {
            "Keras": lambda: keras.layers.Conv1D(64, 5, dilation_rate=2, padding="same"),
            "torch": lambda torch: torch.nn.Conv1d(64, 64, 5, dilation=2, padding=4),
        },
        (32, 256, 64),
    ),
    Case(
        "Conv2D(64, 3)",
        lambda: layers.Conv2D(64, 3, padding="same"),
        {
            "Keras": lambda: conv(64, 3),
            "torch": lambda torch: torch.nn.Conv2d(64, 64, 3, padding=1),
        },
        SMALL,
    ),
    Case(
        "Conv3D(32, 3)",
        lambda: layers.Conv3D(32, 3, padding="same"),
        {
            "Keras": lambda: keras.layers.Conv3D(32, 3, padding="same"),
            "torch": lambda torch: torch.nn.Conv3d(16, 32, 3, padding=1),
        },
        (4, 16, 24, 24, 16),
    ),
    *(
        Case(
            f"{kind.__name__}(64, 3, groups={groups})",
            lambda kind=kind, groups=groups: kind(64, 3, groups=groups),
            {
                "Keras" if kind is layers.GroupedConv2D else "Keras composition": (
                    (lambda groups=groups: conv(64, 3, groups=groups))
                    if kind is layers.GroupedConv2D
                    else (lambda groups=groups: Shuffled(64, groups))
                ),
                "torch": (
                    (lambda torch, g=groups: torch.nn.Conv2d(64, 64, 3, padding=1, groups=g))
                    if kind is layers.GroupedConv2D
                    else (
                        lambda torch, g=groups: torch.nn.Sequential(
                            torch.nn.Conv2d(64, 64, 3, padding=1, groups=g),
                            torch.nn.ChannelShuffle(g),
                        )
                    )
                ),
            },
            SMALL,
            pairs=11,
        )
        for kind in (layers.GroupedConv2D, layers.ShuffledGroupConv2D)
        for groups in (4, 32)
    ),
    *(
        Case(
            f"{kind.__name__}({filters}, 3)",
            lambda kind=kind, filters=filters: kind(filters, 3, padding="same"),
            {"Keras composition": lambda rank=rank, filters=filters: Flipped(filters, rank)},
            shape,
        )
        for rank, kind, filters, shape in (
            (1, layers.TrueConv1D, 64, (32, 256, 64)),
            (2, layers.TrueConv2D, 64, SMALL),
            (3, layers.TrueConv3D, 32, (4, 16, 24, 24, 16)),
        )
    ),
    Case(
        "ChannelShuffle(4)",
        lambda: layers.ChannelShuffle(4),
        {
            "Keras composition": ShuffleAlone,
            "torch": lambda torch: torch.nn.ChannelShuffle(4),
        },
        SMALL,
    ),
    Case(
        "DilatedConv2D(64, 3)",
        lambda: layers.DilatedConv2D(64, 3),
        {
            "Keras": lambda: conv(64, 3, dilation_rate=2),
            "torch": lambda torch: torch.nn.Conv2d(64, 64, 3, padding=2, dilation=2),
        },
        SMALL,
    ),
    Case(
        "HybridDilatedConv2D(32, 3)",
        lambda: layers.HybridDilatedConv2D(32, 3),
        {
            "Keras composition": lambda: chain(*(conv(32, 3, dilation_rate=r) for r in (1, 2, 5))),
            "torch": lambda torch: torch.nn.Sequential(
                *(torch.nn.Conv2d(32, 32, 3, padding=r, dilation=r) for r in (1, 2, 5))
            ),
        },
        MIDDLE,
    ),
    Case(
        "AtrousSpatialPyramid(32, (2, 4))",
        lambda: layers.AtrousSpatialPyramid(32, (2, 4)),
        {"Keras composition": lambda: Pyramid(32, (2, 4))},
        MIDDLE,
    ),
    Case(
        "DepthwiseConv2D(3)",
        lambda: layers.DepthwiseConv2D(3, padding="same"),
        {
            "Keras": lambda: keras.layers.DepthwiseConv2D(3, padding="same"),
            "torch": lambda torch: torch.nn.Conv2d(64, 64, 3, padding=1, groups=64),
        },
        (32, 56, 56, 64),
    ),
    Case(
        "DepthwiseSeparableConv2D(64, 3)",
        lambda: layers.DepthwiseSeparableConv2D(64, 3, use_bias=False),
        {
            "Keras": lambda: keras.layers.SeparableConv2D(64, 3, padding="same", use_bias=False),
            "torch": lambda torch: torch.nn.Sequential(
                torch.nn.Conv2d(64, 64, 3, padding=1, groups=64, bias=False),
                torch.nn.Conv2d(64, 64, 1, bias=False),
            ),
        },
        (32, 56, 56, 64),
    ),
    Case(
        "AsymmetricConv2D(64, 7)",
        lambda: layers.AsymmetricConv2D(64, 7),
        {
            "Keras composition": lambda: chain(conv(64, (1, 7)), conv(64, (7, 1))),
            "torch": lambda torch: torch.nn.Sequential(
                torch.nn.Conv2d(64, 64, (1, 7), padding=(0, 3)),
                torch.nn.Conv2d(64, 64, (7, 1), padding=(3, 0)),
            ),
        },
        SMALL,
    ),
    Case(
        "StackedConv2D(64, 7)",
        lambda: layers.StackedConv2D(64, 7),
        {"Keras composition": lambda: chain(conv(64, 3), conv(64, 3), conv(64, 3))},
        SMALL,
    ),
    Case(
        "BottleneckConv2D(64, 3)",
        lambda: layers.BottleneckConv2D(64, 3),
        {"Keras composition": lambda: chain(conv(8, 1), conv(8, 3), conv(64, 1))},
        SMALL,
    ),
    Case(
        "MultiScaleConv2D(66, (1, 3, 5))",
        lambda: layers.MultiScaleConv2D(66, (1, 3, 5)),
        {"Keras composition": lambda: Branches(conv(22, 1), conv(22, 3), conv(22, 5))},
        SMALL,
    ),
]
