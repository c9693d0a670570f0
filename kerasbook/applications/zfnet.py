"""ZFNet: AlexNet with a finer first layer, in one column."""

from kerasbook import layers
from kerasbook.applications.family import Family, dense_head
from kerasbook.applications.units import Convention
from kerasbook.layers.arguments import positive_integer, positive_integers


def trunk(
    x,
    units,
    *,
    filters=(96, 256, 384, 384, 256),
    local_response=True,
    stem_kernel_size=7,
    stem_strides=2,
    stage2_strides=2,
):
    """Returns the maps of five convolutions and three poolings."""

    def pool(x, name):
        return units.pool(x, "max", 3, strides=2, padding="ceiling", name=name)

    filters = positive_integers("filters", filters, 5)
    x = units.unit(x, filters[0], stem_kernel_size, strides=stem_strides, padding=1, name="stem")
    x = pool(x, "stage1")
    if local_response:
        x = layers.LocalResponseNormalization(name="stage1_response")(x)
    x = units.unit(x, filters[1], 5, strides=stage2_strides, padding="valid", name="stage2_1")
    x = pool(x, "stage3")
    if local_response:
        x = layers.LocalResponseNormalization(name="stage3_response")(x)
    for number, width in enumerate(filters[2:], 1):
        x = units.unit(x, width, 3, name=f"stage3_{number}")
    return pool(x, "stage4")


def minimum(stem_kernel_size, stem_strides, stage2_strides, **options):
    """Returns the size of an image of which the last pooling makes one pixel, of two."""
    positive_integer("stem_kernel_size", stem_kernel_size)
    positive_integer("stem_strides", stem_strides)
    pixels = 2 * (5 + 3 * positive_integer("stage2_strides", stage2_strides))  # of the stem's maps
    return stem_strides * (pixels - 1) + stem_kernel_size - 2


FAMILY = Family(
    name="zfnet",
    title="AlexNets with a finer first layer",
    description="""
        A convolution of 7 x 7 pixels, one of 5 x 5, both of stride 2, and three of 3 x 3;
        overlapping maximum poolings of 3 x 3 pixels and stride 2 after the first, the second and
        the last; two hidden dense layers and the classifier on the flattened maps. The last window
        of a pooling may reach over the end.
    """,
    options={
        "filters": "Channels of the five convolutions.",
        "local_response": "Whether local response normalizations follow the first two poolings.",
        "stem_kernel_size": "Height and width of the first kernel, pixels.",
        "stem_strides": "Strides of the first convolution, pixels.",
        "stage2_strides": "Strides of the second convolution, pixels.",
        "units": "Units of the hidden dense layers.",
        "dropout": "Probability of dropping a feature after each hidden dense layer, in [0, 1).",
    },
    reference="""
        Zeiler and Fergus, 2014, figure 3, https://arxiv.org/abs/1311.2901. The contrast
        normalization across maps, of which they say no more, is the one of AlexNet here.
    """,
    trunk=trunk,
    head=dense_head,
    conventions={"torch": Convention(use_bias=True)},
    minimum=minimum,
    defaults={"normalization": None, "dropout": 0.5},
    static=True,
)

ZFNet = FAMILY.size("ZFNet", "five convolutions and three dense layers")
ZFNetTest = FAMILY.size(
    "ZFNetTest",
    "few channels and two more strides of 1, for tests",
    registered="zfnet_test",
    input_size=32,
    filters=(8, 16, 16, 16, 16),
    stem_kernel_size=3,
    stem_strides=1,
    stage2_strides=1,
    units=(32, 32),
    dropout=0.0,
)
