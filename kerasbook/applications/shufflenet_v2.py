"""ShuffleNet V2: one half of the channels stays, the other is convolved, and both are mixed."""

import keras

from kerasbook import layers
from kerasbook.applications.family import Family, zero_based
from kerasbook.applications.mobile_blocks import LOW_RESOLUTION
from kerasbook.applications.shufflenet import minimum
from kerasbook.layers.arguments import positive_integer, positive_integers


def trunk(
    x,
    units,
    *,
    depths=(4, 8, 4),
    filters=(116, 232, 464),
    stem_filters=24,
    top_filters=1024,
    low_resolution=False,
):
    """Returns the maps of a ShuffleNet V2, after its last 1 x 1 convolution."""
    depths = positive_integers("depths", depths)
    filters = positive_integers("filters", filters, len(depths))
    if any(count % 2 for count in filters):
        raise ValueError(f"`filters` must be even. Received: filters={filters}")
    positive_integer("stem_filters", stem_filters)
    positive_integer("top_filters", top_filters)
    x = stem(x, units, stem_filters, low_resolution)
    for stage, (depth, count) in enumerate(zip(depths, filters, strict=True), 2):
        for number in range(1, depth + 1):
            name = f"stage{stage}_block{number}"
            kept, y, strides = x, x, 2
            if number == 1:
                kept = units.unit(x, None, 3, strides=2, activation=None, name=f"{name}_shortcut_1")
                kept = units.unit(kept, count // 2, 1, name=f"{name}_shortcut_2")
            else:
                strides = 1
                kept = half(x, 0, f"{name}_shortcut")
                y = half(x, 1, name)
            y = units.unit(y, count // 2, 1, name=f"{name}_1")
            y = units.unit(y, None, 3, strides=strides, activation=None, name=f"{name}_2")
            y = units.unit(y, count // 2, 1, name=f"{name}_3")
            x = keras.layers.Concatenate(name=f"{name}_concat")([kept, y])
            x = layers.ChannelShuffle(2, name=f"{name}_shuffle")(x)
    return units.unit(x, top_filters, 1, name=f"stage{len(depths) + 1}_last")


def stem(x, units, filters, low_resolution):
    """Returns the first maps, of stride 4, or as large as the image."""
    if low_resolution:
        return units.unit(x, filters, 3, name="stem")
    x = units.unit(x, filters, 3, strides=2, name="stem")
    return units.pool(x, "max", 3, strides=2, padding=1, name="stage1")


def half(x, number, name):
    """Returns the first or second half of the channels."""
    count = x.shape[-1] // 2
    # Height and width of channels-first maps are the last two axes: here width and channels.
    others = ((0, 0), (0, count) if number == 0 else (count, 0))
    crop = keras.layers.Cropping2D(others, data_format="channels_first", name=f"{name}_half")
    return crop(x)


# Units of a block, and their convolutions in torchvision, which normalizations follow.
BRANCHES = {
    "shortcut_1": "branch1.0",
    "shortcut_2": "branch1.2",
    "1": "branch2.0",
    "2": "branch2.3",
    "3": "branch2.5",
}


def torch_names():
    """Returns the rules that make of a layer's name that of its module in torchvision."""
    block = r"stage(\d)_block(\d+)"
    rules = [(r"stem_conv", "conv1.0"), (r"stem_norm", "conv1.1")]
    for unit, module in BRANCHES.items():
        branch, place = module.split(".")
        for part, index in (("conv", int(place)), ("norm", int(place) + 1)):
            twin = zero_based(f"stage{{0}}.{{1-}}.{branch}.{index}")
            rules.append((rf"{block}_{unit}_{part}", twin))
    rules += [
        (r"stage4_last_conv", "conv5.0"),
        (r"stage4_last_norm", "conv5.1"),
        (r"predictions", "fc"),
    ]
    return tuple(rules)


FAMILY = Family(
    name="shufflenet_v2",
    title="ShuffleNets of the second version",
    description="""
        A 3 x 3 convolution and a maximum pooling, both of stride 2; three stages of blocks, the
        first of which convolves all channels twice with stride 2, and the others one half of the
        channels; a shuffle mixes the halves. At last a 1 x 1 convolution, mean, classifier.
    """,
    options={
        "depths": "Number of blocks of each stage.",
        "filters": "Number of channels of each stage, even.",
        "stem_filters": "Channels of the stem.",
        "top_filters": "Channels of the last convolution.",
        "low_resolution": LOW_RESOLUTION,
    },
    reference="""
        Ma et al., 2018, table 5, https://arxiv.org/abs/1807.11164.
    """,
    trunk=trunk,
    minimum=minimum,
    torch_names=torch_names(),
)


def size(number, filters, top_filters=1024):
    """Returns the function of the network that is so many times wider."""
    key = f"{number:.1f}".replace(".", "_")
    return FAMILY.size(
        f"ShuffleNetV2X{key}",
        f"sixteen blocks, {number} times as wide",
        peers={"torchvision": f"shufflenet_v2_x{key}"},
        filters=filters,
        top_filters=top_filters,
    )


ShuffleNetV2X0_5 = size(0.5, (48, 96, 192))
ShuffleNetV2X1_0 = size(1.0, (116, 232, 464))
ShuffleNetV2X1_5 = size(1.5, (176, 352, 704))
ShuffleNetV2X2_0 = size(2.0, (244, 488, 976), 2048)
ShuffleNetV2Test = FAMILY.size(
    "ShuffleNetV2Test",
    "five narrow blocks, for tests",
    registered="shufflenet_v2_test",
    input_size=32,
    depths=(2, 2, 1),
    filters=(16, 32, 64),
    stem_filters=8,
    top_filters=64,
    low_resolution=True,
)
