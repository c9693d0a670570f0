"""Residual networks after activation, also those with wide bottlenecks.

Families with groups, gates or fewer stages are made of this one in files of their own.

In the convention `"keras"` a bottleneck has its strides at the first 1 x 1 convolution, and
biases; in `"torch"` they stand at the 3 x 3 convolution, which is also known as version 1.5.
"""

import keras

from kerasbook.applications.family import Family, zero_based
from kerasbook.applications.units import Convention, branch_places
from kerasbook.layers.arguments import one_of, positive_integer, positive_integers

BLOCKS = {"basic": 1, "bottleneck": 4}  # and how many times wider their outputs are
SHORTCUTS = ("projection", "identity")
LOW_RESOLUTION = (
    "Whether to begin with a 3 x 3 convolution of stride 1 and no pooling, as is usual for images "
    "of 32 to 64 pixels."
)


def trunk(
    x,
    units,
    *,
    block="bottleneck",
    depths=(3, 4, 6, 3),
    filters=64,
    groups=1,
    group_width=64,
    shortcut="projection",
    squeeze_excite=None,
    low_resolution=False,
):
    """Returns the maps of a residual network."""
    expansion = BLOCKS[one_of("block", block, tuple(BLOCKS))]
    reach = projection if one_of("shortcut", shortcut, SHORTCUTS) == "projection" else identity
    convolutions = basic if block == "basic" else bottleneck
    depths = positive_integers("depths", depths)
    positive_integer("filters", filters)
    positive_integer("groups", groups)
    positive_integer("group_width", group_width)
    if filters * group_width < 64:
        raise ValueError(
            "`group_width` must leave a channel to each group of the first stage, at least "
            f"64 / filters. Received: group_width={group_width}, filters={filters}"
        )
    if squeeze_excite is not None:
        positive_integer("squeeze_excite", squeeze_excite)
    if low_resolution:
        x = units.unit(x, filters, 3, name="stem")
    else:
        x = units.unit(x, filters, 7, strides=2, padding=3, name="stem")
        x = units.pool(x, "max", 3, strides=2, padding=1, name="stem")
    places = branch_places(depths)
    for stage, depth in enumerate(depths, 1):
        width = filters * 2 ** (stage - 1)
        for number in range(1, depth + 1):
            name = f"stage{stage}_block{number}"
            strides = 2 if number == 1 and stage > 1 else 1
            kept = x
            if strides > 1 or x.shape[-1] != width * expansion:
                kept = reach(x, units, width * expansion, strides, f"{name}_shortcut")
            inner = width * group_width // 64 * groups
            x = convolutions(x, units, width * expansion, inner, groups, strides, name)
            if squeeze_excite:
                hidden = max(1, width * expansion // squeeze_excite)
                x = units.squeeze_excite(x, hidden, name=name)
            x = units.add(kept, x, place=next(places), name=name)
            x = units.activate(x, name=name)
    return x


def projection(x, units, filters, strides, name):
    """Returns maps brought to a shape by a 1 x 1 convolution."""
    options = {"strides": strides, "padding": "valid", "activation": None}
    return units.unit(x, filters, 1, **options, name=name)


def identity(x, units, filters, strides, name):
    """Returns maps brought to a shape without weights: some pixels, and channels of zeros."""
    if strides > 1:
        x = units.pool(x, "average", 1, strides=strides, name=name)
    # Height and width of channels-first maps are the last two axes: here width and channels.
    missing = ((0, 0), (0, filters - x.shape[-1]))
    pad = keras.layers.ZeroPadding2D(missing, data_format="channels_first", name=f"{name}_pad")
    return pad(x)


def basic(x, units, filters, inner, groups, strides, name):
    """Returns what two 3 x 3 convolutions make of maps."""
    x = units.unit(x, inner, 3, strides=strides, groups=groups, name=f"{name}_1")
    return units.unit(x, filters, 3, activation=None, name=f"{name}_2")


def bottleneck(x, units, filters, inner, groups, strides, name):
    """Returns what 1 x 1, 3 x 3 and 1 x 1 convolutions make of maps."""
    first, second = (strides, 1) if units.convention is KERAS else (1, strides)
    x = units.unit(x, inner, 1, strides=first, padding="valid", name=f"{name}_1")
    x = units.unit(x, inner, 3, strides=second, groups=groups, name=f"{name}_2")
    return units.unit(x, filters, 1, activation=None, name=f"{name}_3")


def minimum(depths, low_resolution, **_):
    """Returns the smallest side of an image: one pixel is left of it at the end."""
    return 2 ** (len(positive_integers("depths", depths)) + 1 - 2 * low_resolution)


KERAS = Convention(epsilon=1.001e-5, momentum=0.99, use_bias=True, preprocessing="caffe")

OPTIONS = {
    "block": '`"basic"`, two 3 x 3 convolutions, or `"bottleneck"`, 1 x 1, 3 x 3 and 1 x 1.',
    "depths": "Number of blocks of each stage.",
    "filters": "Channels of the stem and width of the first stage; each further has twice it.",
    "groups": "Number of groups of a bottleneck's 3 x 3 convolution, its cardinality.",
    "group_width": "Channels in a bottleneck for each group and 64 of the stage's width.",
    "shortcut": 'What a shortcut to another shape is: `"projection"`, a 1 x 1 convolution, or '
    '`"identity"`, every second pixel and further channels of zeros.',
    "squeeze_excite": "Reduction ratio of the gates at the end of each branch, or `None`.",
    "low_resolution": LOW_RESOLUTION,
}

FAMILY = Family(
    name="resnet",
    title="Residual networks after activation",
    description="""
        A 7 x 7 convolution and a maximum pooling, both of stride 2; four stages of blocks, each
        of which adds what a few convolutions make of its input to that input; mean, classifier.
    """,
    options=OPTIONS
    | {
        "convention": 'Which published form the network has: `"torch"`, where the strides of a '
        'bottleneck stand at its 3 x 3 convolution, or, of ResNet50, 101 and 152, `"keras"`, where '
        "they stand at its first 1 x 1 convolution and convolutions have biases. The weights of "
        "one are for that one.",
    },
    reference="""
        He et al., 2016, table 1, https://arxiv.org/abs/1512.03385; wide: Zagoruyko and Komodakis,
        2016, table 8, https://arxiv.org/abs/1605.07146.
    """,
    trunk=trunk,
    conventions={"torch": Convention(), "keras": KERAS},
    residual=True,
    minimum=minimum,
    torch_names=(
        (r"stem_conv", "conv1"),
        (r"stem_norm", "bn1"),
        (r"stage(\d)_block(\d+)_(\d)_conv", zero_based("layer{0}.{1-}.conv{2}")),
        (r"stage(\d)_block(\d+)_(\d)_norm", zero_based("layer{0}.{1-}.bn{2}")),
        (r"stage(\d)_block(\d+)_shortcut_conv", zero_based("layer{0}.{1-}.downsample.0")),
        (r"stage(\d)_block(\d+)_shortcut_norm", zero_based("layer{0}.{1-}.downsample.1")),
        (r"stage(\d)_block(\d+)_squeeze_conv", zero_based("layer{0}.{1-}.se.fc1")),
        (r"stage(\d)_block(\d+)_excite_conv", zero_based("layer{0}.{1-}.se.fc2")),
        (r"predictions", "fc"),
    ),
)

TORCH, BOTH = ("torch",), ("keras", "torch")
DEPTHS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}


def size(name, layers, about, conventions=TORCH, peers=None, *, family=FAMILY, **values):
    """Returns the function of a network with so many layers."""
    block = "basic" if layers < 50 else "bottleneck"
    return family.size(
        name,
        about,
        conventions=conventions,
        peers=peers,
        block=block,
        depths=DEPTHS[layers],
        **values,
    )


ResNet18 = size("ResNet18", 18, "eight basic blocks", peers={"timm": "resnet18"})
ResNet34 = size("ResNet34", 34, "sixteen basic blocks", peers={"timm": "resnet34"})
ResNet50 = size(
    "ResNet50", 50, "sixteen bottlenecks", BOTH, {"keras": "ResNet50", "timm": "resnet50"}
)
ResNet101 = size(
    "ResNet101", 101, "33 bottlenecks", BOTH, {"keras": "ResNet101", "timm": "resnet101"}
)
ResNet152 = size(
    "ResNet152", 152, "50 bottlenecks", BOTH, {"keras": "ResNet152", "timm": "resnet152"}
)
WideResNet50_2 = size(
    "WideResNet50_2",
    50,
    "sixteen bottlenecks, twice as wide within",
    peers={"timm": "wide_resnet50_2"},
    group_width=128,
)
WideResNet101_2 = size(
    "WideResNet101_2",
    101,
    "33 bottlenecks, twice as wide within",
    peers={"timm": "wide_resnet101_2"},
    group_width=128,
)
ResNetTest = FAMILY.size(
    "ResNetTest",
    "four narrow basic blocks, for tests",
    registered="resnet_test",
    conventions=TORCH,
    input_size=32,
    block="basic",
    depths=(1, 1, 1, 1),
    filters=8,
    low_resolution=True,
)
