"""Every public layer once, with a small constructor and the shape of a non-square input."""

import functools

from kerasbook import layers
from kerasbook.testing import Case


def row(layer, *arguments, shape, **options):
    """Returns the catalog's row for a layer class and its positional arguments."""
    keywords = options.pop("arguments", {})
    make = functools.partial(layer, *arguments, **keywords)
    return Case(layer.__name__, make, shape, **options)


CATALOG = [
    row(layers.BatchNormalization, shape=(4, 5, 7, 3)),
    row(layers.ChannelShuffle, 2, shape=(2, 5, 7, 6)),
    row(layers.Conv1D, 4, 3, shape=(3, 11, 6), arguments={"padding": "causal", "groups": 2}),
    row(
        layers.Conv2D,
        4,
        (3, 2),
        shape=(3, 9, 11, 6),
        arguments={"groups": 2, "strides": (2, 1)},
    ),
    row(layers.Conv3D, 4, (2, 3, 2), shape=(2, 5, 6, 7, 4), arguments={"groups": 2, "strides": 2}),
    row(layers.DropPath, 0.5, shape=(4, 5, 7, 3), arguments={"seed": 7}),
    row(layers.GroupNormalization, 3, shape=(3, 5, 7, 6)),
    row(
        layers.AsymmetricConv2D,
        4,
        3,
        shape=(2, 6, 8, 3),
        arguments={"strides": 2, "normalization": "group"},
    ),
    row(
        layers.AtrousSpatialPyramid,
        3,
        (2, 3),
        shape=(3, 6, 7, 2),
        arguments={"activation": "swish"},
    ),
    row(layers.BottleneckConv2D, 9, 3, shape=(2, 6, 7, 4), arguments={"activation": "swish"}),
    row(
        layers.DepthwiseConv2D,
        3,
        shape=(2, 7, 9, 4),
        arguments={"strides": 2, "depth_multiplier": 2},
    ),
    row(
        layers.DepthwiseSeparableConv2D,
        5,
        3,
        shape=(2, 7, 9, 4),
        arguments={"normalization": "batch", "activation": "swish", "depth_multiplier": 2},
    ),
    row(layers.DilatedConv2D, 4, 3, shape=(2, 7, 9, 3)),
    row(layers.GroupedConv2D, 4, 3, shape=(2, 7, 9, 6), arguments={"groups": 2}),
    row(layers.HybridDilatedConv2D, 3, 3, shape=(2, 7, 9, 2), arguments={"dilation_rates": [1, 2]}),
    row(
        layers.LocallyConnected1D,
        4,
        3,
        shape=(3, 8, 2),
        arguments={"strides": 2, "padding": "same"},
        channel_axes=(1, 2),
    ),
    row(
        layers.LocallyConnected2D,
        4,
        (3, 2),
        shape=(3, 6, 7, 2),
        arguments={"strides": (1, 2)},
        channel_axes=(1, 2, 3),
    ),
    row(layers.LocallyConnected3D, 3, 2, shape=(2, 3, 4, 5, 2), channel_axes=(1, 2, 3, 4)),
    row(layers.MultiScaleConv2D, [2, 3], [1, (3, 2)], shape=(2, 5, 7, 3)),
    row(layers.ShuffledGroupConv2D, 4, 3, shape=(2, 7, 9, 6), arguments={"groups": 2}),
    row(layers.StackedConv2D, 3, 5, shape=(2, 8, 9, 2), arguments={"padding": "valid"}),
    row(layers.SqueezeExcite, 2, shape=(3, 5, 7, 4), arguments={"activation": "swish"}),
    row(layers.TiledConv1D, 4, 3, shape=(3, 11, 2), arguments={"tile": 4, "strides": 2}),
    row(
        layers.TiledConv2D,
        4,
        (3, 2),
        shape=(3, 9, 8, 2),
        arguments={"tile": (3, 2), "padding": "same"},
    ),
]
