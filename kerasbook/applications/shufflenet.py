"""ShuffleNet: 1 x 1 convolutions in groups, and shuffles that let the groups see each other."""

import keras

from kerasbook import layers
from kerasbook.applications.family import Family
from kerasbook.applications.mobile_blocks import LOW_RESOLUTION, multiplier
from kerasbook.applications.units import branch_places
from kerasbook.layers.arguments import one_of, positive_integer, positive_integers

# Channels of the first stage by the number of groups, for about the same cost.
FILTERS = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}


def trunk(
    x, units, *, groups=3, alpha=1.0, depths=(4, 8, 4), stem_filters=24, low_resolution=False
):
    """Returns the maps of a ShuffleNet."""
    filters = FILTERS[one_of("groups", groups, tuple(FILTERS))]
    filters = _divisible(filters * multiplier("alpha", alpha), 4 * groups)
    depths = positive_integers("depths", depths)
    missing = filters - positive_integer("stem_filters", stem_filters)
    if missing < 1 or missing % groups:
        raise ValueError(
            "`stem_filters` must leave to the first block a number of channels that `groups` "
            f"divides. Received: stem_filters={stem_filters} of {filters}, groups={groups}"
        )
    if low_resolution:
        x = units.unit(x, stem_filters, 3, name="stem")
    else:
        x = units.unit(x, stem_filters, 3, strides=2, name="stem")
        x = units.pool(x, "max", 3, strides=2, padding=1, name="stage1")
    places = branch_places([depth - 1 for depth in depths])
    for stage, depth in enumerate(depths, 2):
        for number in range(1, depth + 1):
            name = f"stage{stage}_block{number}"
            # The stem has too few channels for groups.
            first = 1 if (stage, number) == (2, 1) else groups
            width = filters * 2 ** (stage - 2)
            if number == 1:
                x = reducing(x, units, width, first, groups, name)
            else:
                x = residual(x, units, width, groups, next(places), name)
            x = units.activate(x, name=name)
    return x


def branch(x, units, inner, filters, first, groups, strides, name):
    """Returns what 1 x 1, depthwise and 1 x 1 convolutions make of maps."""
    x = units.unit(x, inner, 1, groups=first, name=f"{name}_1")
    if groups > 1:
        x = layers.ChannelShuffle(groups, name=f"{name}_shuffle")(x)
    x = units.unit(x, None, 3, strides=strides, activation=None, name=f"{name}_2")
    return units.unit(x, filters, 1, groups=groups, activation=None, name=f"{name}_3")


def residual(x, units, filters, groups, place, name):
    """Returns maps with those of their branch added."""
    y = branch(x, units, filters // 4, filters, groups, groups, 1, name)
    return units.add(x, y, place=place, name=name)


def reducing(x, units, filters, first, groups, name):
    """Returns averages of windows beside as many maps of the branch as are missing."""
    missing = filters - x.shape[-1]
    kept = units.pool(x, "average", 3, strides=2, padding=1, name=f"{name}_shortcut")
    y = branch(x, units, filters // 4, missing, first, groups, 2, name)
    return keras.layers.Concatenate(name=f"{name}_concat")([kept, y])


def _divisible(channels, divisor):
    """Returns the multiple of a divisor, above 0, that is nearest to some channels."""
    return max(1, round(channels / divisor)) * divisor


def minimum(depths, low_resolution, **_):
    """Returns the smallest side of an image: one pixel is left of it at the end."""
    return 2 ** (len(positive_integers("depths", depths)) + 2 * (not low_resolution))


FAMILY = Family(
    name="shufflenet",
    title="ShuffleNets of the first version",
    description="""
        A 3 x 3 convolution and a maximum pooling, both of stride 2; three stages of blocks of
        1 x 1, depthwise and 1 x 1 convolutions. The 1 x 1 ones are grouped, with a shuffle after
        the first. A stage begins with a block of stride 2, beside the averages of its input; the
        other blocks are residual. Mean, classifier.
    """,
    options={
        "groups": "Number of groups of the 1 x 1 convolutions: 1, 2, 3, 4 or 8; more groups leave "
        "room for more channels at the same cost.",
        "alpha": "Width multiplier of the stages, called as in MobileNets; widths are rounded to "
        "what the groups divide.",
        "depths": "Number of blocks of each stage.",
        "stem_filters": "Channels of the stem.",
        "low_resolution": LOW_RESOLUTION,
    },
    reference="""
        Zhang et al., 2018, table 1, https://arxiv.org/abs/1707.01083.
    """,
    trunk=trunk,
    residual=True,
    minimum=minimum,
)


def size(name, alpha, stem_filters):
    """Returns the function of the network that is so many times wider."""
    return FAMILY.size(
        name,
        f"sixteen blocks of three groups, {alpha} times as wide",
        alpha=alpha,
        stem_filters=stem_filters,
    )


# The stems are those with which the networks cost what the paper says.
ShuffleNetV1 = size("ShuffleNetV1", 1.0, 24)
ShuffleNetV1X0_5 = size("ShuffleNetV1X0_5", 0.5, 12)
ShuffleNetV1X1_5 = size("ShuffleNetV1X1_5", 1.5, 24)
ShuffleNetV1X2_0 = size("ShuffleNetV1X2_0", 2.0, 48)
ShuffleNetV1Test = FAMILY.size(
    "ShuffleNetV1Test",
    "five narrow blocks, for tests",
    registered="shufflenet_test",
    input_size=32,
    alpha=0.1,
    depths=(2, 2, 1),
    stem_filters=12,
    low_resolution=True,
)
