"""MobileNet, the first one: depthwise convolutions, each followed by one across channels."""

import keras

from kerasbook.applications.family import Family
from kerasbook.applications.mobile_blocks import (
    FAN_OUT,
    LOW_RESOLUTION,
    divisible,
    minimum,
    multiplier,
    torch_names,
)
from kerasbook.applications.units import Convention
from kerasbook.layers.arguments import positive_integer, positive_integers

PARTS = {"stem": 64, "stage1": 128, "stage2": 256, "stage3": 512, "stage4": 1024}
KERAS = Convention(epsilon=1e-3, momentum=0.99, padding="same", preprocessing="tf")


def trunk(x, units, *, alpha=1.0, depth_multiplier=1, depths=(1, 2, 2, 6, 2), low_resolution=False):
    """Returns the maps of a MobileNet."""
    multiplier("alpha", alpha)
    positive_integer("depth_multiplier", depth_multiplier)
    depths = positive_integers("depths", depths, len(PARTS))

    def width(filters):
        # Keras takes any width. The multipliers that are published give the same in both.
        return (
            max(1, int(filters * alpha))
            if units.convention is KERAS
            else divisible(filters * alpha)
        )

    strides = 1 if low_resolution else 2
    x = units.unit(x, width(32), 3, strides=strides, name="stem")
    for (part, filters), depth in zip(PARTS.items(), depths, strict=True):
        for block in range(1, depth + 1):
            name = f"{part}_block{block}"
            has_strides = (
                block == 1 and part != "stem" and not (low_resolution and part == "stage1")
            )
            x = depthwise(x, units, 2 if has_strides else 1, depth_multiplier, f"{name}_depthwise")
            x = units.unit(x, width(filters), 1, name=f"{name}_pointwise")
    return x


def depthwise(x, units, strides, depth_multiplier, name):
    """Returns what a convolution of each channel by itself makes of maps.

    Keras pads maps of an odd size before strides as it does those of an even size, by one pixel
    at the end, and so loses the last pixel.
    """
    padding = None
    if strides == 2 and units.convention is KERAS and not _are_even(x.shape[1:3]):
        x = keras.layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"{name}_pad")(x)
        padding = "valid"
    options = {"strides": strides, "padding": padding, "depth_multiplier": depth_multiplier}
    return units.unit(x, None, 3, name=name, **options)


def _are_even(sizes):
    return all(size is not None and size % 2 == 0 for size in sizes)


FAMILY = Family(
    name="mobilenet",
    title="Mobile networks of depthwise convolutions",
    description="""
        A 3 x 3 convolution of stride 2; thirteen blocks of a 3 x 3 convolution of each channel by
        itself and a 1 x 1 convolution; mean, classifier. There are no residual branches, and so no
        `drop_path`.
    """,
    options={
        "alpha": "Width multiplier.",
        "convention": "Whose form of the network it is, Keras' or timm's, `\"keras\"` or "
        '`"torch"`. They differ in the padding, the epsilons, and with most multipliers in the '
        "widths, so that the weights of one are for that one.",
        "depth_multiplier": "Outputs of the 3 x 3 convolutions for each channel.",
        "depths": "Number of blocks of each of the five widths.",
        "low_resolution": LOW_RESOLUTION,
    },
    reference="Howard et al., 2017, table 1, https://arxiv.org/abs/1704.04861.",
    trunk=trunk,
    conventions={"keras": KERAS, "torch": Convention(preprocessing="tf")},
    minimum=minimum,
    defaults={"activation": "relu6", "dropout": 1e-3, "kernel_initializer": FAN_OUT},
    torch_names=torch_names(
        {part: {"depthwise": "conv_dw", "pointwise": "conv_pw"} for part in PARTS}
    ),
)

MobileNet = FAMILY.size(
    "MobileNet",
    "thirteen separable blocks",
    peers={"keras": "MobileNet", "timm": "mobilenetv1_100"},
)
MobileNetTest = FAMILY.size(
    "MobileNetTest",
    "five narrow blocks, for tests",
    registered="mobilenet_test",
    conventions=("torch",),
    input_size=32,
    alpha=0.1,
    depths=(1,) * 5,
    low_resolution=True,
)
