"""EfficientNet: one small network, scaled in width, depth and resolution at once."""

import dataclasses
import math

from kerasbook.applications.family import Family
from kerasbook.applications.mobile_blocks import (
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
)
from kerasbook.applications.units import Convention

PARTS = tuple(
    dataclasses.replace(part, squeeze_excite=True)
    for part in (
        Part("stem", 16, (1,), strides=1),
        Part("stage1", 24, (6,) * 2),
        Part("stage2", 40, (6,) * 2, kernel_size=5),
        Part("stage3a", 80, (6,) * 3),
        Part("stage3b", 112, (6,) * 3, strides=1, kernel_size=5),
        Part("stage4a", 192, (6,) * 4, kernel_size=5),
        Part("stage4b", 320, (6,), strides=1),
    )
)


def trunk(x, units, *, width_coefficient=1.0, depth_coefficient=1.0, low_resolution=False):
    """Returns the maps of an EfficientNet."""
    return scaled_trunk(
        x,
        units,
        PARTS,
        lambda filters: divisible(filters * multiplier("width_coefficient", width_coefficient)),
        depth_coefficient,
        low_resolution,
        stem=32,
    )


def scaled_trunk(x, units, parts, width, depth_coefficient, low_resolution, *, stem):
    """Returns the maps of a network of scaled parts.

    Args:
        x: The images.
        units: The network's `Units`.
        parts: List of `Part`.
        width: Function from published to scaled numbers of channels.
        depth_coefficient: Multiplier of the numbers of blocks, rounded up.
        low_resolution: Whether the first two strides are 1.
        stem: Channels of the first convolution before scaling.
    """
    multiplier("depth_coefficient", depth_coefficient)
    parts = [
        dataclasses.replace(
            part,
            filters=width(part.filters),
            expansions=part.expansions[:1] * math.ceil(depth_coefficient * len(part.expansions)),
        )
        for part in parts
    ]
    x = units.unit(x, width(stem), 3, strides=1 if low_resolution else 2, name="stem")
    x = chain(x, units, parts, gate=gate, low_resolution=low_resolution)
    return units.unit(x, width(1280), 1, name="stage4_last")


def gate(x, units, filters, *, name):
    """Returns maps scaled by gates of a quarter of the width that the block's input had."""
    hidden = max(1, filters // 4)
    return units.squeeze_excite(x, hidden, activation=units.activation, name=name)


OPTIONS = {
    "width_coefficient": "Multiplier of all widths, which are multiples of 8.",
    "depth_coefficient": "Multiplier of the numbers of blocks, which are rounded up.",
    "low_resolution": LOW_RESOLUTION,
    "drop_path": DROP_PATH,
}

FAMILY = Family(
    name="efficientnet",
    title="Networks scaled in width, depth and resolution at once",
    description="""
        A 3 x 3 convolution of stride 2; blocks that widen their input, convolve each channel by
        itself, scale the channels by gates and narrow the result without an activation, added to
        the input where the shapes allow; a 1 x 1 convolution, mean, dropout, classifier. Keras'
        function always scales pixels within the model; this one does not by default.
    """,
    options=OPTIONS,
    reference="Tan and Le, 2019, table 1, https://arxiv.org/abs/1905.11946.",
    trunk=trunk,
    conventions={
        "keras": Convention(epsilon=1e-3, momentum=0.99, padding="same"),
        "torch": Convention(),
    },
    residual=True,
    minimum=minimum,
    defaults={"activation": "swish", "drop_path": 0.2, "kernel_initializer": FAN_OUT},
    torch_names=torch_names(torch_units(PARTS)),
)


def size(number, width, depth, input_size, dropout):
    """Returns the function of one size."""
    return FAMILY.size(
        f"EfficientNetB{number}",
        f"widths times {width}, depths times {depth}",
        peers={"keras": f"EfficientNetB{number}", "timm": f"efficientnet_b{number}"},
        input_size=input_size,
        width_coefficient=width,
        depth_coefficient=depth,
        dropout=dropout,
    )


EfficientNetB0 = size(0, 1.0, 1.0, 224, 0.2)
EfficientNetB1 = size(1, 1.0, 1.1, 240, 0.2)
EfficientNetB2 = size(2, 1.1, 1.2, 260, 0.3)
EfficientNetB3 = size(3, 1.2, 1.4, 300, 0.3)
EfficientNetB4 = size(4, 1.4, 1.8, 380, 0.4)
EfficientNetB5 = size(5, 1.6, 2.2, 456, 0.4)
EfficientNetB6 = size(6, 1.8, 2.6, 528, 0.5)
EfficientNetB7 = size(7, 2.0, 3.1, 600, 0.5)
EfficientNetTest = FAMILY.size(
    "EfficientNetTest",
    "seven narrow blocks, for tests",
    registered="efficientnet_test",
    conventions=("torch",),
    input_size=32,
    width_coefficient=0.1,
    depth_coefficient=0.25,
    dropout=0.2,
    low_resolution=True,
)
