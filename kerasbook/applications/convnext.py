"""ConvNeXt: depthwise 7 x 7 convolutions and wide dense layers, each of them once in a block."""

import keras

from kerasbook import layers
from kerasbook.applications import parts
from kerasbook.applications.family import Family, zero_based
from kerasbook.applications.units import Convention, branch_places
from kerasbook.layers.arguments import number_of, positive_integer, positive_integers


def trunk(
    x,
    units,
    *,
    depths=(3, 3, 9, 3),
    filters=(96, 192, 384, 768),
    kernel_size=7,
    expansion=4,
    layer_scale=1e-6,
    patch_size=4,
):
    """Returns the maps of a ConvNeXt."""
    depths = positive_integers("depths", depths)
    filters = positive_integers("filters", filters, len(depths))
    positive_integer("kernel_size", kernel_size)
    positive_integer("expansion", expansion)
    if layer_scale is not None:
        number_of("layer_scale", layer_scale, "above 0, or None", lambda value: value > 0)
    x = patches(x, units, filters[0], patch_size, "stem")
    x = units.normalize(x, name="stem")
    places = branch_places(depths)
    for stage, (depth, channels) in enumerate(zip(depths, filters, strict=True), 1):
        if stage > 1:
            x = units.normalize(x, name=f"stage{stage}_down")
            x = patches(x, units, channels, 2, f"stage{stage}_down")
        for number in range(1, depth + 1):
            name = f"stage{stage}_block{number}"
            y = units.convolution(x, None, kernel_size, padding="same", name=name)
            y = units.normalize(y, name=name)
            y = units.dense(y, expansion * channels, name=f"{name}_1")
            y = units.dense(y, channels, activation=None, name=f"{name}_2")
            if layer_scale is not None:
                y = layers.LayerScale(layer_scale, name=f"{name}_scale")(y)
            x = units.add(x, y, place=next(places), name=name)
    return x


def patches(x, units, filters, size, name):
    """Returns a convolution of patches that do not overlap."""
    return units.convolution(x, filters, size, strides=size, padding="valid", name=name)


def head(x, units, classes):
    """Returns the logits of the normalized mean over all positions."""
    x = normalized(keras.layers.GlobalAveragePooling2D(name="avg_pool")(x), units)
    return parts.dense_classifier(units.drop(x), classes)


def normalized(x, units):
    """Returns maps or their means, normalized: the end of the network but for its classifier."""
    return units.normalize(x, name="head")


def minimum(depths, patch_size, **_):
    """Returns the smallest side of an image: one pixel is left of it at the end."""
    depths = positive_integers("depths", depths)
    return positive_integer("patch_size", patch_size) * 2 ** (len(depths) - 1)


FAMILY = Family(
    name="convnext",
    title="ConvNeXts",
    description="""
        Patches of 4 x 4 pixels, then four stages, between which patches of 2 x 2 are merged. A
        block is a depthwise 7 x 7 convolution, a normalization, a dense layer of four times the
        channels, its activation, a dense layer, a scale for each channel, and the sum. Mean,
        normalization, classifier. In Keras the models scale images within themselves; here
        `model_info(name).preprocess_input` does, or the model with `include_preprocessing`.
    """,
    options={
        "depths": "Number of blocks of each stage.",
        "filters": "Number of channels of each stage.",
        "kernel_size": "Height and width of the depthwise kernels.",
        "expansion": "Features within a block for each channel.",
        "layer_scale": "What the scale at the end of each branch begins as; `None` has no scales.",
        "patch_size": "Height and width of the patches that the network begins with.",
    },
    reference="""
        Liu et al., 2022, table 9, https://arxiv.org/abs/2201.03545.
    """,
    trunk=trunk,
    head=head,
    without_top=normalized,
    conventions={"keras": Convention(), "torch": Convention()},
    residual=True,
    defaults={"normalization": "layer", "activation": "gelu"},
    minimum=minimum,
    torch_names=(
        (r"stem_conv", "stem.0"),
        (r"stem_norm", "stem.1"),
        (r"stage(\d)_down_norm", zero_based("stages.{0-}.downsample.0")),
        (r"stage(\d)_down_conv", zero_based("stages.{0-}.downsample.1")),
        (r"stage(\d)_block(\d+)_conv", zero_based("stages.{0-}.blocks.{1-}.conv_dw")),
        (r"stage(\d)_block(\d+)_norm", zero_based("stages.{0-}.blocks.{1-}.norm")),
        (r"stage(\d)_block(\d+)_(\d)", zero_based("stages.{0-}.blocks.{1-}.mlp.fc{2}")),
        (r"stage(\d)_block(\d+)_scale", zero_based("stages.{0-}.blocks.{1-}.gamma")),
        (r"head_norm", "head.norm"),
        (r"predictions", "head.fc"),
    ),
)


def size(name, depths, first):
    """Returns the function of a network of so many blocks and channels in its first stage."""
    return FAMILY.size(
        name,
        f"{sum(depths)} blocks, {first} channels in the first stage",
        peers={"keras": name, "timm": f"convnext_{name.removeprefix('ConvNeXt').lower()}"},
        depths=depths,
        filters=tuple(first * 2**stage for stage in range(4)),
    )


ConvNeXtTiny = size("ConvNeXtTiny", (3, 3, 9, 3), 96)
ConvNeXtSmall = size("ConvNeXtSmall", (3, 3, 27, 3), 96)
ConvNeXtBase = size("ConvNeXtBase", (3, 3, 27, 3), 128)
ConvNeXtLarge = size("ConvNeXtLarge", (3, 3, 27, 3), 192)
ConvNeXtXLarge = size("ConvNeXtXLarge", (3, 3, 27, 3), 256)
ConvNeXtTest = FAMILY.size(
    "ConvNeXtTest",
    "three narrow blocks, for tests",
    registered="convnext_test",
    input_size=32,
    depths=(1, 1, 1),
    filters=(16, 32, 64),
    layer_scale=0.1,
    patch_size=2,
)
