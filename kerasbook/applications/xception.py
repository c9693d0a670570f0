"""Xception: residual blocks of depthwise separable convolutions."""

import keras

from kerasbook.applications.family import Family
from kerasbook.applications.mobile_blocks import LOW_RESOLUTION, multiplier
from kerasbook.applications.units import Convention
from kerasbook.arguments import natural_number

DEPTH = 8  # blocks of the middle, published


def trunk(x, units, *, alpha=1.0, depth=DEPTH, low_resolution=False):
    """Returns the maps of an Xception."""
    multiplier("alpha", alpha)
    natural_number("depth", depth)

    def wide(*filters):
        return tuple(max(1, int(channels * alpha)) for channels in filters)

    strides, padding = (1, "same") if low_resolution else (2, "valid")
    (first, second), last = wide(32, 64), wide(1536, 2048)
    x = units.unit(x, first, 3, strides=strides, padding=padding, name="stem_1")
    x = units.unit(x, second, 3, padding=padding, name="stem_2")
    blocks = [
        ("stage1_block1", wide(128, 128), strides),
        ("stage2_block1", wide(256, 256), 2),
        ("stage3_block1", wide(728, 728), 2),
        *((f"stage3_block{number}", wide(728, 728, 728), 1) for number in range(2, depth + 2)),
        ("stage4_block1", wide(728, 1024), 2),
    ]
    for number, (name, filters, strides) in enumerate(blocks):
        x = block(x, units, filters, strides, number / (len(blocks) - 1), name)
    for number, filters in enumerate(last, 1):
        x = separable(x, units, filters, f"stage4_exit{number}")
        x = units.activate(x, name=f"stage4_exit{number}")
    return x


def block(x, units, filters, strides, place, name):
    """Returns maps with what separable convolutions, each after an activation, make of them."""
    y = x
    for number, channels in enumerate(filters, 1):
        part = f"{name}_{number}"
        if part != "stage1_block1_1":  # the stem ends in an activation
            y = units.activate(y, name=part)
        y = separable(y, units, channels, part)
    if len(filters) == 2:
        y = pool(y, units, strides, name)
        x = units.unit(
            x,
            filters[-1],
            1,
            strides=strides,
            padding="valid",
            activation=None,
            name=f"{name}_shortcut",
        )
    return units.add(x, y, place=place, name=name, branch_first=True)


def separable(x, units, filters, name):
    """Returns maps after a depthwise and a pointwise convolution, normalized."""
    x = units.convolution(x, None, 3, use_bias=False, name=f"{name}_depthwise")
    use_bias = units.normalization is None
    x = units.convolution(x, filters, 1, use_bias=use_bias, name=f"{name}_pointwise")
    return units.normalize(x, name=name)


def pool(x, units, strides, name):
    """Returns the maxima of 3 x 3 neighbours, of which there are less at the edge."""
    if strides == 1 or units.convention is KERAS:
        return units.pool(x, "max", 3, strides=strides, padding="same", name=name)
    # A pixel that a maximum sees twice is one that it sees once, while zeros may be the largest.
    x = keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
    return units.pool(x, "max", 3, strides=strides, name=name)


def torch_block(match):
    """Returns the name in timm of a layer of a block."""
    stage, number, unit, part = match.groups()
    index = 12 if stage == "4" else int(stage) + int(number) - 1
    if unit == "shortcut":
        return f"block{index}.skip" + ("bn" if part == "norm" else "")
    # Lists of activation, convolution, normalization; the first begins with no activation.
    place = 3 * int(unit) - (3 if index == 1 else 2)
    if part == "norm":
        return f"block{index}.rep.{place + 1}"
    return f"block{index}.rep.{place}." + TORCH_PARTS[part]


TORCH_PARTS = {"depthwise_conv": "conv1", "pointwise_conv": "pointwise"}
KERAS = Convention(epsilon=1e-3, momentum=0.99, padding="same", preprocessing="tf")

FAMILY = Family(
    name="xception",
    title="Xception",
    description="""
        Two 3 x 3 convolutions; residual blocks of separable convolutions, a depthwise 3 x 3 one
        and a pointwise one each: three with a maximum pooling, eight without, one with; two
        separable convolutions; mean, classifier.
    """,
    options={
        "alpha": "Width multiplier; widths are rounded down.",
        "depth": "Number of blocks in the middle.",
        "low_resolution": LOW_RESOLUTION,
    },
    reference="""
        Chollet, 2017, figure 5, https://arxiv.org/abs/1610.02357. Dropout before the classifier is
        an argument, 0.5 there.
    """,
    trunk=trunk,
    conventions={"keras": KERAS, "torch": Convention(preprocessing="tf")},
    residual=True,
    input_size=299,
    minimum=lambda low_resolution, **options: 8 if low_resolution else 71,
    torch_names=(
        (r"stem_(\d)_conv", r"conv\1"),
        (r"stem_(\d)_norm", r"bn\1"),
        (r"stage(\d)_block(\d+)_(\d|shortcut)_(.+)", torch_block),
        (r"stage4_exit1_norm", "bn3"),
        (r"stage4_exit2_norm", "bn4"),
        (r"stage4_exit1_(.+)", lambda match: f"conv3.{TORCH_PARTS[match[1]]}"),
        (r"stage4_exit2_(.+)", lambda match: f"conv4.{TORCH_PARTS[match[1]]}"),
        (r"predictions", "fc"),
    ),
)

Xception = FAMILY.size(
    "Xception",
    "36 convolutions, 34 of them separable",
    peers={"keras": "Xception", "timm": "legacy_xception"},
)
XceptionTest = FAMILY.size(
    "XceptionTest",
    "a sixteenth of the channels and one block in the middle, for tests",
    registered="xception_test",
    conventions=("torch",),
    input_size=16,
    alpha=1 / 16,
    depth=1,
    low_resolution=True,
)
