"""AlexNet, in two columns as published in 2012, and in one column as simplified in 2014."""

import dataclasses

from kerasbook import layers
from kerasbook.applications.family import Family, dense_head
from kerasbook.applications.units import Convention
from kerasbook.arguments import natural_number, positive_integer, positive_integers
from kerasbook.layers.arguments import divisible


def trunk(
    x,
    units,
    *,
    filters=(96, 256, 384, 384, 256),
    columns=2,
    local_response=True,
    stem_kernel_size=11,
    stem_strides=4,
    stem_padding=0,
):
    """Returns the maps of five convolutions and three poolings."""
    filters = positive_integers("filters", filters, 5)
    for width in filters:
        divisible("columns", positive_integer("columns", columns), width)
    x = units.unit(
        x, filters[0], stem_kernel_size, strides=stem_strides, padding=stem_padding, name="stem"
    )
    if local_response:
        x = layers.LocalResponseNormalization(name="stem_response")(x)
    x = units.pool(x, "max", 3, strides=2, name="stage2")
    x = units.unit(x, filters[1], 5, groups=columns, name="stage2_1")
    if local_response:
        x = layers.LocalResponseNormalization(name="stage2_response")(x)
    x = units.pool(x, "max", 3, strides=2, name="stage3")
    x = units.unit(x, filters[2], 3, name="stage3_1")  # here the columns see each other
    x = units.unit(x, filters[3], 3, groups=columns, name="stage3_2")
    x = units.unit(x, filters[4], 3, groups=columns, name="stage3_3")
    return units.pool(x, "max", 3, strides=2, name="stage4")


def minimum(stem_kernel_size, stem_strides, stem_padding, **options):
    """Returns the size of an image of which the last pooling makes one pixel."""
    positive_integer("stem_kernel_size", stem_kernel_size)
    positive_integer("stem_strides", stem_strides)
    natural_number("stem_padding", stem_padding)
    return 14 * stem_strides + stem_kernel_size - 2 * stem_padding


FAMILY = Family(
    name="alexnet",
    title="AlexNets",
    description="""
        A convolution of stride 4, four more convolutions, three of the five followed by overlapping
        maximum poolings of 3 x 3 pixels and stride 2; two hidden dense layers and the classifier on
        the flattened maps. The stem has stride 4, and there is no further stage of that stride:
        the names go on with `stage2`.
    """,
    options={
        "filters": "Channels of the five convolutions.",
        "columns": "Number of groups of the second, fourth and fifth convolution.",
        "local_response": "Whether local response normalizations follow the first two "
        "convolutions.",
        "stem_kernel_size": "Height and width of the first kernel, pixels.",
        "stem_strides": "Strides of the first convolution, pixels.",
        "stem_padding": "Zeros on every side of the image, pixels.",
        "units": "Units of the hidden dense layers.",
        "dropout": "Probability of dropping a feature after each hidden dense layer, in [0, 1).",
    },
    reference="""
        Krizhevsky et al., 2012, section 3, https://papers.nips.cc/paper/4824, of which 224 x 224
        pixels have to be 227 x 227 to give 55 x 55 outputs; in one column: Krizhevsky, 2014,
        https://arxiv.org/abs/1404.5997, as torchvision has it, where dropout stands before the
        hidden layers and not behind them.
    """,
    trunk=trunk,
    head=dense_head,
    conventions={"torch": Convention(use_bias=True)},
    input_size=227,
    minimum=minimum,
    defaults={"normalization": None, "dropout": 0.5},
    static=True,
)
ONE_COLUMN = dataclasses.replace(
    FAMILY,
    torch_names=(
        (r"stem_conv", "features.0"),
        (r"stage2_1_conv", "features.3"),
        (r"stage3_1_conv", "features.6"),
        (r"stage3_2_conv", "features.8"),
        (r"stage3_3_conv", "features.10"),
        (r"dense1", "classifier.1"),
        (r"dense2", "classifier.4"),
        (r"predictions", "classifier.6"),
    ),
)

AlexNet = FAMILY.size("AlexNet", "two columns that meet in the third convolution")
AlexNetOneColumn = ONE_COLUMN.size(
    "AlexNetOneColumn",
    "one column of fewer channels, without local response normalization",
    input_size=224,
    peers={"torchvision": "alexnet"},
    filters=(64, 192, 384, 256, 256),
    columns=1,
    local_response=False,
    stem_padding=2,
)
AlexNetTest = FAMILY.size(
    "AlexNetTest",
    "few channels and a stem of stride 1, for tests",
    registered="alexnet_test",
    input_size=32,
    filters=(8, 16, 16, 16, 16),
    stem_kernel_size=3,
    stem_strides=1,
    stem_padding=1,
    units=(32, 32),
    dropout=0.0,
)
