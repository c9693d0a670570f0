"""Every public layer once, with a small constructor and the shape of a non-square input."""

import functools

from kerasbook import layers
from kerasbook.testing import Case


def row(layer, *arguments, shape, **options):
    """Returns the catalog's row for a layer class and its positional arguments."""
    keywords = options.pop("arguments", {})
    make = functools.partial(layer, *arguments, **keywords)
    return Case(layer.__name__, make, shape, **options)


def weight_normalization(dtype=None):
    """Returns the wrapper of a layer of its own, in a dtype."""
    return layers.WeightNormalization(layers.Conv2D(4, 3, activation="swish", dtype=dtype))


CATALOG = [
    row(layers.BatchNormalization, shape=(4, 5, 7, 3)),
    row(layers.BatchRenormalization, shape=(4, 5, 7, 3)),
    row(layers.ChannelShuffle, 2, shape=(2, 5, 7, 6)),
    row(
        layers.Conv2D,
        4,
        (3, 2),
        shape=(3, 9, 11, 6),
        arguments={"groups": 2, "strides": (2, 1)},
    ),
    row(layers.DropPath, 0.5, shape=(4, 5, 7, 3), arguments={"seed": 7}),
    row(
        layers.FilterResponseNormalization,
        shape=(3, 5, 7, 4),
        arguments={"learn_epsilon": True},
        gradient_error=1e-4,
    ),
    row(layers.GroupNormalization, 3, shape=(3, 5, 7, 6)),
    row(layers.InstanceNormalization, shape=(3, 5, 7, 4)),
    row(layers.LocalResponseNormalization, 3, shape=(3, 5, 7, 6), arguments={"alpha": 0.5}),
    row(layers.SqueezeExcite, 2, shape=(3, 5, 7, 4), arguments={"activation": "swish"}),
    Case("WeightNormalization", weight_normalization, (3, 5, 7, 2)),
]
