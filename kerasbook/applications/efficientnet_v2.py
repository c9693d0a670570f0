"""EfficientNetV2: first full, then depthwise convolutions in inverted residual blocks."""

from kerasbook.applications.efficientnet import OPTIONS, scaled_trunk
from kerasbook.applications.family import Family
from kerasbook.applications.mobile_blocks import (
    FAN_OUT,
    Part,
    divisible,
    minimum,
    multiplier,
    torch_names,
    torch_units,
)
from kerasbook.applications.units import Convention

SMALL = (
    Part("stem", 24, (1,) * 2, strides=1, fused=True),
    Part("stage1", 48, (4,) * 4, fused=True),
    Part("stage2", 64, (4,) * 4, fused=True),
    Part("stage3a", 128, (4,) * 6, squeeze_excite=True),
    Part("stage3b", 160, (6,) * 9, strides=1, squeeze_excite=True),
    Part("stage4a", 256, (6,) * 15, squeeze_excite=True),
)


def trunk(x, units, *, width_coefficient=1.0, depth_coefficient=1.0, low_resolution=False):
    """Returns the maps of an EfficientNetV2."""
    multiplier("width_coefficient", width_coefficient)
    return scaled_trunk(
        x,
        units,
        SMALL,
        lambda filters: divisible(filters * width_coefficient, least=0),
        depth_coefficient,
        low_resolution,
        stem=24,
    )


FAMILY = Family(
    name="efficientnet_v2",
    title="Networks of full and depthwise convolutions, searched for speed of training",
    description="""
        A 3 x 3 convolution of stride 2; blocks that widen their input by a 3 x 3 convolution and
        narrow it without an activation; then blocks that widen it by a 1 x 1 convolution, convolve
        each channel by itself, scale the channels by gates and narrow the result; each added to
        its input where the shapes allow; a 1 x 1 convolution, mean, dropout, classifier. Keras'
        function scales pixels within the model by default; this one does not.
    """,
    options=OPTIONS,
    reference="Tan and Le, 2021, table 4, https://arxiv.org/abs/2104.00298.",
    trunk=trunk,
    conventions={
        "keras": Convention(epsilon=1e-3, momentum=0.9, padding="same", preprocessing="signed"),
        "torch": Convention(epsilon=1e-3, padding="same", preprocessing="tf"),
    },
    residual=True,
    minimum=minimum,
    input_size=384,
    defaults={
        "activation": "swish",
        "dropout": 0.2,
        "drop_path": 0.2,
        "kernel_initializer": FAN_OUT,
    },
    torch_names=torch_names(torch_units(SMALL)),
)

EfficientNetV2S = FAMILY.size(
    "EfficientNetV2S",
    "40 blocks, of which the first ten have full convolutions",
    peers={"keras": "EfficientNetV2S", "timm": "tf_efficientnetv2_s"},
)
EfficientNetV2Test = FAMILY.size(
    "EfficientNetV2Test",
    "six narrow blocks, for tests",
    registered="efficientnetv2_test",
    input_size=32,
    width_coefficient=0.1,
    depth_coefficient=0.05,
    low_resolution=True,
)
