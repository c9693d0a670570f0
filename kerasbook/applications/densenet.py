"""Densely connected networks: DenseNet, with or without bottlenecks and compression.

A stage ends in its normalization and activation; the pooling and the 1 x 1 convolution between two
stages begin the next one.
"""

import keras

from kerasbook.applications.family import Family, zero_based
from kerasbook.applications.units import Convention
from kerasbook.layers.arguments import number_of, positive_integer, positive_integers


def trunk(
    x,
    units,
    *,
    depths=(6, 12, 24, 16),
    growth_rate=32,
    filters=None,
    bottleneck=4,
    compression=0.5,
    low_resolution=False,
):
    """Returns the maps of a densely connected network."""
    positive_integer("growth_rate", growth_rate)
    if bottleneck is not None:
        positive_integer("bottleneck", bottleneck)
    number_of("compression", compression, "in (0, 1]", lambda share: 0 < share <= 1)
    filters = 2 * growth_rate if filters is None else positive_integer("filters", filters)
    if low_resolution:
        x = units.unit(x, filters, 3, name="stem")
    else:
        x = units.unit(x, filters, 7, strides=2, name="stem")
        x = units.pool(x, "max", 3, strides=2, padding=1, name="stem")
    for stage, depth in enumerate(positive_integers("depths", depths), 1):
        name = f"stage{stage}"
        if stage > 1:
            # The mean commutes with the convolution, which so has a quarter of the pixels.
            kept = int(x.shape[-1] * compression)
            x = units.pool(x, "average", 2, name=f"{name}_transition")
            x = convolution(x, units, kept, 1, name=f"{name}_transition")
        for number in range(1, depth + 1):
            block = f"{name}_block{number}"
            y = x
            if bottleneck is not None:
                y = activated(y, units, name=f"{block}_1")
                y = convolution(y, units, bottleneck * growth_rate, 1, name=f"{block}_1")
            y = activated(y, units, name=f"{block}_2")
            y = convolution(y, units, growth_rate, 3, name=f"{block}_2")
            x = keras.layers.Concatenate(name=f"{block}_concat")([x, y])
        x = activated(x, units, name=name)
    return x


def activated(x, units, name):
    """Returns maps after a normalization and an activation."""
    return units.activate(units.normalize(x, name=name), name=name)


def convolution(x, units, filters, size, name):
    """Returns convolved maps, with a bias only if no normalization comes after."""
    return units.convolution(x, filters, size, use_bias=units.normalization is None, name=name)


def minimum(depths, low_resolution, **options):
    """Returns the smallest height and width of an image: what the strides make of one pixel."""
    halvings = len(positive_integers("depths", depths)) - 1
    return 2 ** (halvings if low_resolution else halvings + 2)


def torch_names(depths, **options):
    """Returns the rules of timm's names, where the last normalization is the fifth of its own."""
    return (
        (r"stem_(conv|norm)", r"features.\g<1>0"),
        (
            r"stage(\d)_block(\d+)_(\d)_(conv|norm)",
            r"features.denseblock\1.denselayer\2.\g<4>\3",
        ),
        (r"stage(\d)_transition_conv", zero_based("features.transition{0-}.conv")),
        (rf"stage{len(depths)}_norm", "features.norm5"),
        (r"stage(\d)_norm", r"features.transition\1.norm"),
        (r"predictions", "classifier"),
    )


FAMILY = Family(
    name="densenet",
    title="Densely connected networks",
    description="""
        A 7 x 7 convolution and a maximum pooling, both of stride 2; stages of layers, each
        of which adds `growth_rate` channels, made of all channels before it, to them; between
        stages a 1 x 1 convolution and an average pooling; mean, classifier. There are no residual
        branches, and so no `drop_path`.
    """,
    options={
        "depths": "Number of layers of each stage.",
        "growth_rate": "Number of channels that each layer adds.",
        "filters": "Channels of the stem; `None` is twice the growth rate.",
        "bottleneck": "Channels of the 1 x 1 convolution before each 3 x 3 one, for one of the "
        "growth rate; `None` leaves it out, with its normalization.",
        "compression": "Share of the channels that is kept between two stages, in (0, 1].",
        "low_resolution": "Whether to begin with a 3 x 3 convolution of stride 1 and no pooling, "
        "as the paper does for images of 32 pixels.",
    },
    reference="""
        Huang et al., 2017, table 1, https://arxiv.org/abs/1608.06993. Between stages the pooling
        stands before the convolution, with which it commutes.
    """,
    trunk=trunk,
    conventions={
        "keras": Convention(epsilon=1.001e-5, momentum=0.99),
        "torch": Convention(),
    },
    minimum=minimum,
    torch_names=torch_names,
)

DenseNet121 = FAMILY.size(
    "DenseNet121",
    "58 layers in stages of 6, 12, 24 and 16",
    peers={"keras": "DenseNet121", "timm": "densenet121"},
    depths=(6, 12, 24, 16),
)
DenseNet169 = FAMILY.size(
    "DenseNet169",
    "82 layers in stages of 6, 12, 32 and 32",
    peers={"keras": "DenseNet169", "timm": "densenet169"},
    depths=(6, 12, 32, 32),
)
DenseNet201 = FAMILY.size(
    "DenseNet201",
    "98 layers in stages of 6, 12, 48 and 32",
    peers={"keras": "DenseNet201", "timm": "densenet201"},
    depths=(6, 12, 48, 32),
)
DenseNetTest = FAMILY.size(
    "DenseNetTest",
    "five narrow layers, for tests",
    registered="densenet_test",
    conventions=("torch",),
    input_size=32,
    depths=(2, 1, 1, 1),
    growth_rate=8,
    low_resolution=True,
)
