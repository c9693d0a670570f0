"""SqueezeNet: fire modules, which squeeze channels before they expand them, and no dense layer."""

import keras

from kerasbook.applications.family import Family, class_maps_head
from kerasbook.applications.parts import listed
from kerasbook.applications.units import Convention
from kerasbook.layers.arguments import positive_integer, positive_integers


def trunk(
    x,
    units,
    *,
    squeeze=((16, 16, 32), (32, 48, 48, 64), (64,)),
    stem_filters=96,
    stem_kernel_size=7,
    stem_strides=2,
):
    """Returns the maps of fire modules, a pooling before each stage."""
    positive_integer("stem_filters", stem_filters)
    x = units.unit(
        x, stem_filters, stem_kernel_size, strides=stem_strides, padding="valid", name="stem"
    )
    for stage, widths in enumerate(squeeze, 1):
        x = units.pool(x, "max", 3, strides=2, padding="ceiling", name=f"stage{stage}")
        for number, width in enumerate(positive_integers("squeeze", widths), 1):
            x = fire(x, units, width, f"stage{stage}_block{number}")
    return x


def fire(x, units, width, name):
    """Returns 1 x 1 and 3 x 3 convolutions of what a narrow 1 x 1 convolution lets through."""
    x = units.unit(x, width, 1, name=f"{name}_squeeze")
    small = units.unit(x, 4 * width, 1, name=f"{name}_expand1x1")
    large = units.unit(x, 4 * width, 3, name=f"{name}_expand3x3")
    return keras.layers.Concatenate(name=f"{name}_concat")([small, large])


def head(x, units, classes):
    """Returns the mean over all positions of one map per class, after dropout."""
    return class_maps_head(units.drop(x), units, classes)


def minimum(squeeze, stem_kernel_size, stem_strides, **options):
    """Returns the size of an image of which the last pooling makes one pixel, of two."""
    positive_integer("stem_kernel_size", stem_kernel_size)
    positive_integer("stem_strides", stem_strides)
    return stem_strides * (2 ** len(listed("squeeze", squeeze)) - 1) + stem_kernel_size


def torch_names(squeeze, **options):
    """Returns the rules of torchvision's names, which number poolings and activations too."""
    places, place = {}, 2
    for stage, widths in enumerate(squeeze, 1):
        place += 1  # the pooling
        for number in range(1, len(widths) + 1):
            places[f"stage{stage}_block{number}"] = place
            place += 1
    blocks = "|".join(places)
    return (
        (r"stem_conv", "features.0"),
        (
            f"({blocks})_(squeeze|expand[13]x[13])_conv",
            lambda match: f"features.{places[match[1]]}.{match[2]}",
        ),
        (r"class_maps_conv|predictions", "classifier.1"),
    )


FAMILY = Family(
    name="squeezenet",
    title="SqueezeNets",
    description="""
        A convolution of stride 2, then fire modules in three stages, each of which begins with an
        overlapping pooling of stride 2, whose last window may reach over the end; instead of dense
        layers, a convolution to one map per class and the mean over all positions.
    """,
    options={
        "squeeze": "Channels that each fire module of each stage squeezes its input to; both kinds "
        "of its 1 x 1 and 3 x 3 convolutions have four times as many.",
        "stem_filters": "Channels of the first convolution.",
        "stem_kernel_size": "Height and width of the first kernel, pixels.",
        "stem_strides": "Strides of the first convolution, pixels.",
        "dropout": "Probability of dropping a feature before the maps of the classes, in [0, 1).",
    },
    reference="""
        Iandola et al., 2016, table 1, https://arxiv.org/abs/1602.07360; version 1.1 is the one that
        its authors added later, https://github.com/forresti/SqueezeNet.
    """,
    trunk=trunk,
    head=head,
    conventions={"torch": Convention(use_bias=True)},
    minimum=minimum,
    defaults={"normalization": None, "dropout": 0.5},
    torch_names=torch_names,
)

SqueezeNet1_0 = FAMILY.size(
    "SqueezeNet1_0", "as in the paper", peers={"torchvision": "squeezenet1_0"}
)
SqueezeNet1_1 = FAMILY.size(
    "SqueezeNet1_1",
    "the same with a smaller first kernel and earlier poolings, for less than half the work",
    peers={"torchvision": "squeezenet1_1"},
    squeeze=((16, 16), (32, 32), (48, 48, 64, 64)),
    stem_filters=64,
    stem_kernel_size=3,
)
SqueezeNetTest = FAMILY.size(
    "SqueezeNetTest",
    "three narrow fire modules, for tests",
    registered="squeezenet_test",
    input_size=32,
    squeeze=((4,), (6,), (8,)),
    stem_filters=16,
    stem_kernel_size=3,
    stem_strides=1,
    normalization="batch",
    dropout=0.0,
)
