"""MobileNetV3: inverted residual blocks with gates and hard swish, found by search."""

import dataclasses

import keras

from kerasbook.applications import parts as shared
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
from kerasbook.layers.arguments import one_of, positive_integer

LARGE = (
    Part("stem", 16, (1,), strides=1, activation="relu"),
    Part("stage1", 24, (4, 3), activation="relu"),
    Part("stage2", 40, (3, 3, 3), kernel_size=5, squeeze_excite=True, activation="relu"),
    Part("stage3a", 80, (6, 2.5, 2.3, 2.3)),
    Part("stage3b", 112, (6, 6), strides=1, squeeze_excite=True),
    Part("stage4a", 160, (6, 6, 6), kernel_size=5, squeeze_excite=True),
)
SMALL = (
    Part("stage1", 16, (1,), squeeze_excite=True, activation="relu"),
    Part("stage2", 24, (72 / 16, 88 / 24), activation="relu"),
    Part("stage3a", 40, (4, 6, 6), kernel_size=5, squeeze_excite=True),
    Part("stage3b", 48, (3, 3), strides=1, kernel_size=5, squeeze_excite=True),
    Part("stage4a", 96, (6, 6, 6), kernel_size=5, squeeze_excite=True),
)
VARIANTS = {"large": LARGE, "small": SMALL}


def trunk(
    x,
    units,
    *,
    variant="large",
    alpha=1.0,
    depths=None,
    minimalistic=False,
    early_activation=None,
    low_resolution=False,
):
    """Returns the maps of a MobileNetV3."""
    multiplier("alpha", alpha)
    is_published = units.activation == "hard_swish"
    if early_activation is None:
        early_activation = "relu" if is_published else "own"
    if minimalistic and is_published:
        units.activation = "relu"

    def scaled(part):
        part = dataclasses.replace(part, filters=divisible(part.filters * alpha))
        if part.activation == "relu":
            part = dataclasses.replace(part, activation=early_activation)
        if minimalistic:
            part = dataclasses.replace(part, kernel_size=3, squeeze_excite=False)
        return part

    parts = with_depths(VARIANTS[one_of("variant", variant, tuple(VARIANTS))], depths)
    parts = [scaled(part) for part in parts]
    x = units.unit(x, 16, 3, strides=1 if low_resolution else 2, name="stem")
    x = chain(x, units, parts, gate=gate, low_resolution=low_resolution)
    return units.unit(x, divisible(6 * x.shape[-1]), 1, name="stage4_last")


def gate(x, units, filters, *, name):
    """Returns maps scaled by gates of a quarter of their width."""
    hidden = divisible(x.shape[-1] / 4)
    return units.squeeze_excite(x, hidden, activation="relu", gate="hard_sigmoid", name=name)


def head(x, units, classes, *, alpha=1.0, last_filters=1280):
    """Returns the logits of a dense layer and the classifier, of the mean over all positions."""
    positive_integer("last_filters", last_filters)
    x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = units.dense(x, divisible(last_filters * max(1, alpha)), name="dense1")
    return shared.dense_classifier(units.drop(x), classes)


def torch_rules(parts):
    """Returns the names in timm, where the last convolution is a part of its own."""
    last = f"blocks.{len(parts)}.0"
    own = (
        (r"stage4_last_conv", f"{last}.conv"),
        (r"stage4_last_norm", f"{last}.bn1"),
        (r"dense1", "conv_head"),
    )
    return torch_names(torch_units(parts), own)


FAMILY = Family(
    name="mobilenet_v3",
    title="Mobile networks of inverted residual blocks with gates",
    description="""
        A 3 x 3 convolution of stride 2; blocks that widen their input, convolve each channel by
        itself, scale the channels by gates and narrow the result without an activation, added to
        the input where the shapes allow; a 1 x 1 convolution, mean, dense layer, classifier. Keras'
        function scales pixels within the model by default; this one does not.
    """,
    options={
        "variant": '`"large"` or `"small"`.',
        "alpha": "Width multiplier; widths are multiples of 8. The first convolution keeps its "
        "width, and the last layer is never narrowed.",
        "depths": DEPTHS,
        "minimalistic": "Whether to leave out what some accelerators lack: gates, 5 x 5 kernels, "
        "and hard swish, for which ReLU stands.",
        "early_activation": "Function of the first blocks; `None` is ReLU, as in the paper, or the "
        "`activation` if another one than the paper's is given.",
        "last_filters": "Width of the dense layer before the classifier.",
        "low_resolution": LOW_RESOLUTION,
        "drop_path": DROP_PATH,
    },
    reference="Howard et al., 2019, tables 1 and 2, https://arxiv.org/abs/1905.02244.",
    trunk=trunk,
    head=head,
    conventions={
        "keras": Convention(epsilon=1e-3, momentum=0.999, padding="same", preprocessing="tf"),
        "torch": Convention(),
    },
    residual=True,
    minimum=minimum,
    defaults={"activation": "hard_swish", "dropout": 0.2, "kernel_initializer": FAN_OUT},
    torch_names=torch_rules(LARGE),
)
SMALL_FAMILY = dataclasses.replace(FAMILY, torch_names=torch_rules(SMALL))

MobileNetV3Large = FAMILY.size(
    "MobileNetV3Large",
    "fifteen blocks",
    peers={"keras": "MobileNetV3Large", "timm": "mobilenetv3_large_100"},
)
MobileNetV3Small = SMALL_FAMILY.size(
    "MobileNetV3Small",
    "eleven blocks",
    peers={"keras": "MobileNetV3Small", "timm": "mobilenetv3_small_100"},
    variant="small",
    last_filters=1024,
)
MobileNetV3Test = SMALL_FAMILY.size(
    "MobileNetV3Test",
    "five narrow blocks, for tests",
    registered="mobilenetv3_test",
    conventions=("torch",),
    input_size=32,
    variant="small",
    alpha=0.1,
    depths=(1,) * 5,
    last_filters=64,
    low_resolution=True,
)
