"""Network in Network: convolutions with small networks of 1 x 1 convolutions at every place."""

from kerasbook.applications.family import Family, class_maps_head
from kerasbook.applications.parts import listed
from kerasbook.applications.units import Convention
from kerasbook.arguments import (
    natural_number,
    one_of,
    positive_integer,
    positive_integers,
)

PADDINGS = {"max": "ceiling", "average": "same"}  # both reach over the end of an even size


def trunk(
    x,
    units,
    *,
    filters=((96, 96, 96), (256, 256, 256), (384, 384, 384), (1024, 1024)),
    kernel_sizes=(11, 5, 3, 3),
    poolings=("max", "max", "max"),
    stem_strides=4,
    stem_padding=0,
):
    """Returns the maps of all convolutions but the last one, which makes one map per class."""
    stem, *stages = listed("filters", filters)
    stem_size, *sizes = positive_integers("kernel_sizes", kernel_sizes, len(filters))
    listed("poolings", poolings, len(stages))
    first = {"strides": stem_strides, "padding": stem_padding}
    x = network(x, units, stem, stem_size, name="stem", **first)
    for stage, (widths, size, pooling) in enumerate(zip(stages, sizes, poolings, strict=True), 2):
        kind = one_of("poolings", pooling, tuple(PADDINGS))
        x = units.pool(x, kind, 3, strides=2, padding=PADDINGS[kind], name=f"stage{stage}")
        x = units.drop(x, name=f"stage{stage}_dropout")
        x = network(x, units, widths, size, name=f"stage{stage}")
    return x


def network(x, units, filters, kernel_size, *, name, **options):
    """Returns what a convolution and further ones of 1 x 1 make of maps."""
    for number, width in enumerate(positive_integers("filters", filters), 1):
        x = units.unit(x, width, kernel_size, name=f"{name}_{number}", **options)
        kernel_size, options = 1, {}
    return x


def minimum(kernel_sizes, poolings, stem_strides, stem_padding, **options):
    """Returns the size of an image of which the last pooling makes one pixel, of two."""
    kernel_size, *_ = positive_integers("kernel_sizes", kernel_sizes)
    positive_integer("stem_strides", stem_strides)
    natural_number("stem_padding", stem_padding)
    halvings = len(listed("poolings", poolings))
    return stem_strides * (2**halvings - 1) + kernel_size - 2 * stem_padding


FAMILY = Family(
    name="nin",
    title="Networks in networks",
    description="""
        Convolutions, each followed by 1 x 1 convolutions, with overlapping poolings of 3 x 3 pixels
        and stride 2 between them; the last 1 x 1 convolution makes one map per class, of which the
        mean over all positions is taken. There is no `stage1`, since the stem has stride 4.
    """,
    options={
        "filters": "Channels of the convolutions of the stem and of each stage, but those of the "
        "very last.",
        "kernel_sizes": "Height and width of the first kernel of the stem and of each stage, "
        "pixels.",
        "poolings": 'List of the kinds of pooling before each stage, `"max"` or `"average"`.',
        "stem_strides": "Strides of the first convolution, pixels.",
        "stem_padding": "Zeros on every side of the image, pixels.",
        "dropout": "Probability of dropping a feature after each pooling, in [0, 1).",
    },
    reference="""
        Lin et al., 2014, section 3, https://arxiv.org/abs/1312.4400, whose text leaves the widths
        open. They are those of the authors' configurations for Caffe and cuda-convnet; of these,
        the one for ImageNet has dropout after the last pooling alone.
    """,
    trunk=trunk,
    head=class_maps_head,
    conventions={"torch": Convention(use_bias=True)},
    minimum=minimum,
    defaults={"normalization": None, "dropout": 0.5},
)

NiN = FAMILY.size("NiN", "four networks in the network, for ImageNet")
NiNCifar = FAMILY.size(
    "NiNCifar",
    "three networks in the network, for images of 32 x 32 pixels",
    input_size=32,
    classes=10,
    filters=((192, 160, 96), (192, 192, 192), (192, 192)),
    kernel_sizes=(5, 5, 3),
    poolings=("max", "average"),
    stem_strides=1,
    stem_padding=2,
)
NiNTest = FAMILY.size(
    "NiNTest",
    "three narrow networks in the network, for tests",
    registered="nin_test",
    input_size=32,
    filters=((16, 16), (16, 16), (16, 16)),
    kernel_sizes=(5, 3, 3),
    poolings=("max", "average"),
    stem_strides=1,
    stem_padding=2,
    normalization="batch",
    dropout=0.0,
)
