"""MobileNetV2: inverted residual blocks of depthwise convolutions, with linear bottlenecks."""

import dataclasses

from kerasbook.applications.family import Family
from kerasbook.applications.mobile_blocks import (
    DEPTHS,
    DROP_PATH,
    FAN_OUT,
    LOW_RESOLUTION,
    Part,
    chain,
    divisible,
    minimum,
    multiplier,
    torch_names,
    torch_units,
    with_depths,
)
from kerasbook.applications.units import Convention
from kerasbook.layers.arguments import positive_integer

PARTS = (
    Part("stem", 16, (1,), strides=1),
    Part("stage1", 24, (6,) * 2),
    Part("stage2", 32, (6,) * 3),
    Part("stage3a", 64, (6,) * 4),
    Part("stage3b", 96, (6,) * 3, strides=1),
    Part("stage4a", 160, (6,) * 3),
    Part("stage4b", 320, (6,), strides=1),
)
KERAS = Convention(epsilon=1e-3, momentum=0.999, padding="same", preprocessing="tf")


def trunk(x, units, *, alpha=1.0, depths=None, last_filters=1280, low_resolution=False):
    """Returns the maps of a MobileNetV2."""
    multiplier("alpha", alpha)
    positive_integer("last_filters", last_filters)

    def width(filters):
        # Keras rounds down first, which matters for a few multipliers that nobody published.
        return divisible(int(filters * alpha) if units.convention is KERAS else filters * alpha)

    strides = 1 if low_resolution else 2
    x = units.unit(x, divisible(32 * alpha), 3, strides=strides, name="stem")
    parts = [
        dataclasses.replace(part, filters=width(part.filters))
        for part in with_depths(PARTS, depths)
    ]
    x = chain(x, units, parts, low_resolution=low_resolution)
    return units.unit(x, divisible(last_filters * max(1, alpha)), 1, name="stage4_last")


FAMILY = Family(
    name="mobilenet_v2",
    title="Mobile networks of inverted residual blocks",
    description="""
        A 3 x 3 convolution of stride 2; blocks that widen their input sixfold, convolve each
        channel by itself and narrow the result without an activation, added to the input where
        the shapes allow; a 1 x 1 convolution, mean, classifier.
    """,
    options={
        "alpha": "Width multiplier; widths are multiples of 8, the last one is never narrowed.",
        "convention": "Whose form of the network it is, Keras' or timm's, `\"keras\"` or "
        '`"torch"`. They differ in the padding, the epsilons, and with a few multipliers in the '
        "widths, so that the weights of one are for that one.",
        "depths": DEPTHS,
        "last_filters": "Channels of the last 1 x 1 convolution.",
        "low_resolution": LOW_RESOLUTION,
        "drop_path": DROP_PATH,
    },
    reference="Sandler et al., 2018, table 2, https://arxiv.org/abs/1801.04381.",
    trunk=trunk,
    conventions={"keras": KERAS, "torch": Convention()},
    residual=True,
    minimum=minimum,
    defaults={"activation": "relu6", "kernel_initializer": FAN_OUT},
    torch_names=torch_names(torch_units(PARTS)),
)

MobileNetV2 = FAMILY.size(
    "MobileNetV2",
    "seventeen inverted residual blocks",
    peers={"keras": "MobileNetV2", "timm": "mobilenetv2_100"},
)
MobileNetV2Test = FAMILY.size(
    "MobileNetV2Test",
    "seven narrow blocks, for tests",
    registered="mobilenetv2_test",
    conventions=("torch",),
    input_size=32,
    alpha=0.1,
    depths=(1,) * 7,
    last_filters=64,
    low_resolution=True,
)
