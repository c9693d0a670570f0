"""All-convolutional networks: strides instead of poolings, and no dense layer."""

from kerasbook.applications.family import Family, class_maps_head
from kerasbook.applications.units import Convention
from kerasbook.layers.arguments import positive_integer, positive_integers, rate_below_one


def trunk(x, units, *, filters=96, kernel_sizes=(3, 3), input_dropout=0.2):
    """Returns the maps of two groups of convolutions that end in a stride, and of two more."""
    positive_integer("filters", filters)
    kernel_sizes = positive_integers("kernel_sizes", kernel_sizes)
    x = units.drop(x, rate=rate_below_one("input_dropout", input_dropout), name="stem_dropout")
    groups = (("stem", "stage2", filters), ("stage2", "stage3", 2 * filters))
    for part, following, width in groups:
        for number, kernel_size in enumerate(kernel_sizes, 1):
            x = units.unit(x, width, kernel_size, name=f"{part}_{number}")
        x = units.unit(x, width, 3, strides=2, name=f"{following}_strided")
        x = units.drop(x, name=f"{following}_dropout")
    x = units.unit(x, 2 * filters, 3, padding="valid", name="stage3_1")
    return units.unit(x, 2 * filters, 1, name="stage3_2")


FAMILY = Family(
    name="all_convolutional",
    title="All-convolutional networks",
    description="""
        Two groups of convolutions, each of which ends in one of stride 2 where others pool; a
        3 x 3 convolution without padding, one of 1 x 1, and one to one map per class, of which the
        mean over all positions is taken. There is no `stage1`: `stage2` has stride 2 and `stage3`
        stride 4, as in other networks for images of this size.
    """,
    options={
        "filters": "Channels of the first group; all further convolutions have twice as many.",
        "kernel_sizes": "Heights and widths of the kernels of each group before its stride.",
        "input_dropout": "Probability of dropping a value of the image, in [0, 1).",
        "dropout": "Probability of dropping a feature after each stride, in [0, 1).",
    },
    reference="""
        Springenberg et al., 2015, tables 1 and 2, https://arxiv.org/abs/1412.6806. That the 3 x 3
        convolution before the 1 x 1 has no padding follows from the 6 x 6 positions at their end.
    """,
    trunk=trunk,
    head=class_maps_head,
    conventions={"torch": Convention(use_bias=True)},
    input_size=32,
    classes=10,
    minimum=9,
    defaults={"normalization": None, "dropout": 0.5},
)

AllConvolutionalA = FAMILY.size("AllConvolutionalA", "groups of one 5 x 5", kernel_sizes=(5,))
AllConvolutionalB = FAMILY.size(
    "AllConvolutionalB", "groups of one 5 x 5 and one 1 x 1", kernel_sizes=(5, 1)
)
AllConvolutionalC = FAMILY.size("AllConvolutionalC", "groups of two 3 x 3", kernel_sizes=(3, 3))
AllConvolutionalTest = FAMILY.size(
    "AllConvolutionalTest",
    "few channels, for tests",
    registered="all_convolutional_test",
    filters=8,
    input_dropout=0.0,
    normalization="batch",
    dropout=0.0,
)
