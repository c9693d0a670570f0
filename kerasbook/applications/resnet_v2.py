"""Residual networks before activation: normalization and activation precede each convolution.

Nothing follows an addition but the next block, so that what comes in reaches the end as it is.
In the convention `"keras"` the last block of a stage has its strides and the last convolution
of a branch biases; in `"torch"` the first block of the next stage has the strides.
"""

import dataclasses

from kerasbook.applications.family import Family, zero_based
from kerasbook.applications.resnet import BLOCKS, LOW_RESOLUTION, minimum
from kerasbook.applications.units import Convention, branch_places
from kerasbook.layers.arguments import (
    one_of,
    positive_integer,
    positive_integers,
    rate_below_one,
)


def trunk(
    x,
    units,
    *,
    block="bottleneck",
    depths=(3, 4, 6, 3),
    filters=64,
    width_factor=1,
    block_dropout=0.0,
    low_resolution=False,
):
    """Returns the maps of a residual network, activated at the end."""
    expansion = BLOCKS[one_of("block", block, tuple(BLOCKS))]
    convolutions = basic if block == "basic" else bottleneck
    depths = positive_integers("depths", depths)
    positive_integer("width_factor", width_factor)
    rate_below_one("block_dropout", block_dropout)
    x = stem(x, units, positive_integer("filters", filters), low_resolution)
    stage, number = 1, 0
    blocks = plan(depths, units.convention is KERAS)
    for (part, strides), place in zip(blocks, branch_places(depths), strict=True):
        stage, number = (stage, number + 1) if strides == 1 else (stage + 1, 1)
        name = f"stage{stage}_block{number}"
        inner = filters * width_factor * 2**part
        shortcut, y = x, preactivated(x, units, f"{name}_1")
        if x.shape[-1] != inner * expansion:
            shortcut = convolution(
                y, units, inner * expansion, 1, strides, f"{name}_shortcut", biased=True
            )
        elif strides > 1:
            shortcut = units.pool(x, "max", 1, strides=strides, name=f"{name}_shortcut")
        y = convolutions(y, units, inner, strides, block_dropout, name)
        x = units.add(shortcut, y, place=place, name=name)
    return preactivated(x, units, f"stage{stage}")


def plan(depths, is_keras):
    """Returns (part of the network, strides) of each block."""
    blocks = []
    for part, depth in enumerate(depths):
        strided = depth - 1 if is_keras else 0
        has_strides = part < len(depths) - 1 if is_keras else part > 0
        blocks += [(part, 2 if has_strides and n == strided else 1) for n in range(depth)]
    return blocks


def stem(x, units, filters, low_resolution):
    """Returns the first maps, before any activation."""
    if low_resolution:
        return convolution(x, units, filters, 3, 1, "stem", biased=True)
    x = convolution(x, units, filters, 7, 2, "stem", biased=True)
    # Nothing is activated yet; still, in Keras' form the maximum sees the zeros of the padding.
    signed = units.convention is not KERAS
    return units.pool(x, "max", 3, strides=2, padding=1, signed=signed, name="stem")


def basic(x, units, inner, strides, dropout, name):
    """Returns what two 3 x 3 convolutions make of activated maps."""
    x = convolution(x, units, inner, 3, strides, f"{name}_1")
    x = units.drop(preactivated(x, units, f"{name}_2"), rate=dropout, name=f"{name}_dropout")
    return convolution(x, units, inner, 3, 1, f"{name}_2", biased=True)


def bottleneck(x, units, inner, strides, dropout, name):
    """Returns what 1 x 1, 3 x 3 and 1 x 1 convolutions make of activated maps."""
    x = convolution(x, units, inner, 1, 1, f"{name}_1")
    x = convolution(preactivated(x, units, f"{name}_2"), units, inner, 3, strides, f"{name}_2")
    x = units.drop(preactivated(x, units, f"{name}_3"), rate=dropout, name=f"{name}_dropout")
    return convolution(x, units, 4 * inner, 1, 1, f"{name}_3", biased=True)


def preactivated(x, units, name):
    """Returns normalized and activated maps."""
    return units.activate(units.normalize(x, name=name), name=name)


def convolution(x, units, filters, size, strides, name, *, biased=False):
    """Returns a convolution, which is `biased` in Keras' form or which nothing normalizes."""
    use_bias = units.normalization is None or (biased and units.convention is KERAS)
    return units.convolution(x, filters, size, strides=strides, use_bias=use_bias, name=name)


KERAS = Convention(epsilon=1.001e-5, momentum=0.99, preprocessing="tf")

OPTIONS = {
    "block": '`"basic"`, two 3 x 3 convolutions, or `"bottleneck"`, 1 x 1, 3 x 3 and 1 x 1.',
    "depths": "Number of blocks of each stage.",
    "filters": "Channels of the stem; the first stage has `width_factor` times as many, each "
    "further one twice those of the one before, and a bottleneck four times as many outputs.",
    "width_factor": "How many times wider the stages are, an integer.",
    "block_dropout": "Probability of zeroing a value before the last convolution of a block, "
    "in [0, 1).",
    "low_resolution": LOW_RESOLUTION,
}

FAMILY = Family(
    name="resnet_v2",
    title="Residual networks before activation",
    description="""
        A 7 x 7 convolution and a maximum pooling, both of stride 2; four stages of blocks, each
        of which adds to its input what normalization, activation and convolution, in this order
        and several times over, make of it; normalization, activation, mean, classifier.
    """,
    options=OPTIONS
    | {
        "convention": 'Which published form the network has: `"keras"`, where the last block of a '
        "stage has its strides and the last convolution of a branch biases, or "
        '`"torch"`, where the first block of the next stage has the strides. The weights of one '
        "are for that one.",
    },
    reference="""
        He et al., 2016, figure 4(e) and appendix, https://arxiv.org/abs/1603.05027. Strides of
        bottlenecks stand at the 3 x 3 convolution.
    """,
    trunk=trunk,
    conventions={"keras": KERAS, "torch": Convention(preprocessing="tf")},
    residual=True,
    minimum=minimum,
    torch_names=(
        (r"stem_conv", "stem.conv"),
        (r"stage4_norm", "norm"),
        (r"stage(\d)_block(\d+)_(\d)_(conv|norm)", zero_based("stages.{0-}.blocks.{1-}.{3}{2}")),
        (
            r"stage(\d)_block(\d+)_shortcut_conv",
            zero_based("stages.{0-}.blocks.{1-}.downsample.conv"),
        ),
        (r"predictions", "head.fc"),
    ),
)

SMALL = dataclasses.replace(
    FAMILY,
    description="""
        A 3 x 3 convolution; three stages of equally many blocks, the second and third of which
        halve the resolution and double the channels; normalization, activation, mean, classifier.
        A block adds to its input what 1 x 1, 3 x 3 and 1 x 1 convolutions, each after
        normalization and activation, make of it.
    """,
    options=OPTIONS,
    conventions={"torch": Convention()},
    input_size=32,
    classes=10,
    torch_names=(),
)


def size(name, depths, about, peers):
    """Returns the function of a network for large images."""
    return FAMILY.size(name, about, peers=peers, depths=depths)


def small(name, layers):
    """Returns the function of a network for images of 32 x 32, three layers in each block."""
    blocks = (layers - 2) // 9
    return SMALL.size(
        name,
        f"{layers} layers for 32 x 32, {blocks} bottlenecks in each stage",
        depths=(blocks,) * 3,
        filters=16,
        low_resolution=True,
    )


ResNet50V2 = size(
    "ResNet50V2",
    (3, 4, 6, 3),
    "sixteen bottlenecks",
    {"keras": "ResNet50V2", "timm": "resnetv2_50"},
)
ResNet101V2 = size(
    "ResNet101V2",
    (3, 4, 23, 3),
    "33 bottlenecks",
    {"keras": "ResNet101V2", "timm": "resnetv2_101"},
)
ResNet152V2 = size(
    "ResNet152V2",
    (3, 8, 36, 3),
    "50 bottlenecks",
    {"keras": "ResNet152V2", "timm": "resnetv2_152"},
)
ResNet164V2 = small("ResNet164V2", 164)
ResNet1001V2 = small("ResNet1001V2", 1001)
ResNetV2Test = FAMILY.size(
    "ResNetV2Test",
    "three narrow bottlenecks, for tests",
    registered="resnet_v2_test",
    conventions=("torch",),
    input_size=32,
    depths=(1, 1, 1),
    filters=8,
    low_resolution=True,
)
