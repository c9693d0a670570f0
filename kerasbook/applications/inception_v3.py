"""Inception v3: convolutions of 5 x 5 and 7 x 7 taken apart into smaller ones."""

import keras

from kerasbook.applications import parts
from kerasbook.applications.family import Family, average_head
from kerasbook.applications.mobile_blocks import multiplier
from kerasbook.applications.units import Convention
from kerasbook.layers.arguments import positive_integers


def trunk(x, units, *, alpha=1.0, depths=(3, 4, 2), low_resolution=False):
    """Returns the maps of an Inception v3."""
    width = multiplier("alpha", alpha)
    depths = positive_integers("depths", depths, 3)
    strides, padding = (1, "same") if low_resolution else (2, "valid")
    x = chain(x, units, width, "stem_1", (32, 3), strides=strides, padding=padding)
    x = chain(x, units, width, "stem_2", (32, 3), padding=padding)
    x = chain(x, units, width, "stem_3", (64, 3))
    if not low_resolution:
        x = units.pool(x, "max", 3, strides=2, name="stage1")
    x = chain(x, units, width, "stage1_1", (80, 1))
    x = chain(x, units, width, "stage1_2", (192, 3), padding=padding)
    if not low_resolution:
        x = units.pool(x, "max", 3, strides=2, name="stage2")
    for number in range(1, depths[0] + 1):
        pooled = 32 if number == 1 else 64
        x = small_block(x, units, width, f"stage2_block{number}", pooled)
    x = first_reduction(x, units, width, "stage3_block1")
    for number in range(1, depths[1] + 1):
        inner = 128 if number == 1 else 192 if number == depths[1] else 160
        x = factorized_block(x, units, width, f"stage3_block{number + 1}", inner)
    units.kept["auxiliary1"] = x
    x = second_reduction(x, units, width, "stage4_block1")
    for number in range(1, depths[2] + 1):
        x = expanded_block(x, units, width, f"stage4_block{number + 1}")
    return x


def head(x, units, classes, *, auxiliary=False):
    """Returns the logits, with those of the classifier of the third stage if there is one."""
    logits = average_head(x, units, classes)
    if not auxiliary:
        return logits
    name = "auxiliary1"
    x = units.pool(units.kept[name], "average", 5, strides=3, name=name)
    x = units.unit(x, 128, 1, name=f"{name}_1")
    x = units.unit(x, 768, 5, padding="valid", name=f"{name}_2")
    x = keras.layers.GlobalAveragePooling2D(name=f"{name}_avg_pool")(x)
    other = parts.dense_classifier(x, classes, name=f"{name}_predictions")
    return {"predictions": logits, name: other}


def chain(x, units, width, name, *steps, **last):
    """Returns maps after units of (channels, kernel size), the last with further options."""
    for number, (filters, size) in enumerate(steps, 1):
        x = units.unit(
            x,
            max(1, int(filters * width)),
            size,
            name=f"{name}_{number}" if len(steps) > 1 else name,
            **(last if number == len(steps) else {}),
        )
    return x


def mean_branch(x, units, width, name, filters):
    """Returns the means of 3 x 3 neighbours after a unit of size 1.

    The convolution stands before the mean, with which it commutes, since there are many more
    channels before it than after.
    """
    name = f"{name}_pool"
    padding = "same" if units.convention is KERAS else 1  # whose zeros count as pixels
    use_bias = units.normalization is None
    x = units.convolution(x, max(1, int(filters * width)), 1, use_bias=use_bias, name=name)
    x = units.pool(x, "average", 3, strides=1, padding=padding, name=name)
    return units.activate(units.normalize(x, name=name), name=name)


def joined(name, *branches):
    """Returns the channels of all branches."""
    return keras.layers.Concatenate(name=f"{name}_concat")(branches)


def small_block(x, units, width, name, pooled):
    """Returns what branches of 1 x 1, 5 x 5 and twice 3 x 3 make of maps, and their means."""
    return joined(
        name,
        chain(x, units, width, f"{name}_1x1", (64, 1)),
        chain(x, units, width, f"{name}_5x5", (48, 1), (64, 5)),
        chain(x, units, width, f"{name}_double_3x3", (64, 1), (96, 3), (96, 3)),
        mean_branch(x, units, width, name, pooled),
    )


def first_reduction(x, units, width, name):
    """Returns maps of half the size, with branches of 3 x 3 and twice 3 x 3."""
    halved = {"strides": 2, "padding": "valid"}
    return joined(
        name,
        chain(x, units, width, f"{name}_3x3", (384, 3), **halved),
        chain(x, units, width, f"{name}_double_3x3", (64, 1), (96, 3), (96, 3), **halved),
        units.pool(x, "max", 3, strides=2, name=name),
    )


def factorized_block(x, units, width, name, inner):
    """Returns what branches of 1 x 1, 7 x 7 and twice 7 x 7 make of maps, and their means."""
    row, column = (inner, (1, 7)), (inner, (7, 1))
    return joined(
        name,
        chain(x, units, width, f"{name}_1x1", (192, 1)),
        chain(x, units, width, f"{name}_7x7", (inner, 1), row, (192, (7, 1))),
        chain(
            x,
            units,
            width,
            f"{name}_double_7x7",
            *((inner, 1), column, row, column, (192, (1, 7))),
        ),
        mean_branch(x, units, width, name, 192),
    )


def second_reduction(x, units, width, name):
    """Returns maps of half the size, with branches of 3 x 3 and of 7 x 7 with 3 x 3."""
    halved = {"strides": 2, "padding": "valid"}
    steps = ((192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3))
    return joined(
        name,
        chain(x, units, width, f"{name}_3x3", (192, 1), (320, 3), **halved),
        chain(x, units, width, f"{name}_7x7x3", *steps, **halved),
        units.pool(x, "max", 3, strides=2, name=name),
    )


def expanded_block(x, units, width, name):
    """Returns what branches that end in 1 x 3 and 3 x 1 side by side make of maps."""
    short = chain(x, units, width, f"{name}_3x3_1", (384, 1))
    long = chain(x, units, width, f"{name}_double_3x3", (448, 1), (384, 3))
    return joined(
        name,
        chain(x, units, width, f"{name}_1x1", (320, 1)),
        chain(short, units, width, f"{name}_3x3_2a", (384, (1, 3))),
        chain(short, units, width, f"{name}_3x3_2b", (384, (3, 1))),
        chain(long, units, width, f"{name}_double_3x3_3a", (384, (1, 3))),
        chain(long, units, width, f"{name}_double_3x3_3b", (384, (3, 1))),
        mean_branch(x, units, width, name, 192),
    )


def minimum(low_resolution, auxiliary, **options):
    """Returns the smallest height and width; the auxiliary classifier wants 17 x 17 maps."""
    if low_resolution:
        return 35 if auxiliary else 7
    return 299 if auxiliary else 75


def torch_unit(match):
    """Returns the name in timm of a layer of a block."""
    stage, block, double, size, step, part = match.groups()
    letter = "abcde"[int(block) - (0 if stage == "2" else 1)]  # "a" is the reduction
    branch = "_pool" if size == "pool" else size + ("dbl" if double else "")
    return f"Mixed_{int(stage) + 3}{letter}.branch{branch}{step or ''}.{TORCH_PARTS[part]}"


TORCH_PARTS = {"conv": "conv", "norm": "bn"}
TORCH_UNITS = {
    "stem_1": "Conv2d_1a_3x3",
    "stem_2": "Conv2d_2a_3x3",
    "stem_3": "Conv2d_2b_3x3",
    "stage1_1": "Conv2d_3b_1x1",
    "stage1_2": "Conv2d_4a_3x3",
    "auxiliary1_1": "AuxLogits.conv0",
    "auxiliary1_2": "AuxLogits.conv1",
}
KERAS = Convention(epsilon=1e-3, momentum=0.99, padding="same", preprocessing="tf", scale=False)

FAMILY = Family(
    name="inception_v3",
    title="Inception v3",
    description="""
        Five convolutions and two poolings; blocks of branches side by side, of 5 x 5 and twice
        3 x 3, then of 7 x 7 in one row and one column, then of 3 x 3 likewise; mean, classifier.
        There are no residual branches, and so no `drop_path`.
    """,
    options={
        "alpha": "Width multiplier of all convolutions but the auxiliary classifier's; widths are "
        "rounded down.",
        "convention": "Whose form of the network it is, Keras' or timm's, `\"keras\"` or "
        '`"torch"`. They differ in whether averages count the zeros of their padding and whether '
        "normalizations have factors, so that the weights of one are for that one.",
        "depths": "Number of blocks of the last three stages, besides the two that halve.",
        "low_resolution": "Whether to leave out the first three halvings, for images of 32 to 64 "
        "pixels.",
        "auxiliary": "Whether a second classifier stands after the third stage; the model then "
        'returns a dictionary with the keys `"predictions"` and `"auxiliary1"`, and takes images '
        "of at least 299 pixels.",
    },
    reference="""
        Szegedy et al., 2016, table 1 and figures 5 to 8, https://arxiv.org/abs/1512.00567. The
        1 x 1 convolution of a branch with an average stands before it, with which it commutes.
    """,
    trunk=trunk,
    head=head,
    conventions={"keras": KERAS, "torch": Convention(epsilon=1e-3, preprocessing="tf")},
    input_size=299,
    minimum=minimum,
    torch_names=(
        (
            r"(stem_\d|stage1_\d|auxiliary1_\d)_(conv|norm)",
            lambda match: f"{TORCH_UNITS[match[1]]}.{TORCH_PARTS[match[2]]}",
        ),
        (r"stage(\d)_block(\d)_(double_)?([\dx]+|pool)(_\d[ab]?)?_(conv|norm)", torch_unit),
        (r"auxiliary1_predictions", "AuxLogits.fc"),
        (r"predictions", "fc"),
    ),
)

InceptionV3 = FAMILY.size(
    "InceptionV3",
    "eleven blocks of branches",
    peers={"keras": "InceptionV3", "timm": "inception_v3", "torchvision": "inception_v3"},
)
InceptionV3Test = FAMILY.size(
    "InceptionV3Test",
    "a sixteenth of the channels and five blocks, for tests",
    registered="inceptionv3_test",
    conventions=("torch",),
    input_size=32,
    alpha=1 / 16,
    depths=(1, 1, 1),
    low_resolution=True,
)
