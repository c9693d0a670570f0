"""LeNet-5: two convolutions and three dense layers for small images of characters."""

import keras

from kerasbook.applications import parts
from kerasbook.applications.family import Family
from kerasbook.applications.units import Convention
from kerasbook.layers.arguments import one_of, positive_integer, positive_integers


def trunk(x, units, *, filters=(6, 16), kernel_size=5, downsampling="average"):
    """Returns the maps of the second pooling."""
    kind = one_of("downsampling", downsampling, ("average", "max"))
    first, second = positive_integers("filters", filters, 2)
    x = units.unit(x, first, kernel_size, name="stem")
    x = units.pool(x, kind, 2, name="stem")
    x = units.unit(x, second, kernel_size, padding="valid", name="stage1")
    return units.pool(x, kind, 2, name="stage1")


def head(x, network, classes, *, units=(120, 84)):
    """Returns the logits of two hidden dense layers, with dropout before the classifier alone."""
    x = keras.layers.Flatten(name="flatten")(x)
    for number, size in enumerate(positive_integers("units", units, 2), 1):
        x = network.dense(x, size, name=f"dense{number}")
    return parts.dense_classifier(network.drop(x), classes)


FAMILY = Family(
    name="lenet5",
    title="LeNets",
    description="""
        A size-preserving convolution, a 2 x 2 pooling, a convolution without padding, a second
        pooling, two hidden dense layers, the classifier. With the defaults it has 61,706
        parameters.
    """,
    options={
        "filters": "Channels of the two convolutions.",
        "kernel_size": "Height and width of both kernels, pixels.",
        "downsampling": '`"average"` or `"max"`, the kind of the 2 x 2 pooling layers.',
        "units": "Units of the two hidden dense layers.",
    },
    reference="""
        LeCun et al., 1998, section II.B, https://doi.org/10.1109/5.726791. Every map of the second
        convolution sees all maps of the first, the pooling has no weights, and the classifier is a
        softmax instead of radial basis functions.
    """,
    trunk=trunk,
    head=head,
    conventions={"torch": Convention(padding="same", use_bias=True, preprocessing="unit")},
    input_size=28,
    channels=1,
    classes=10,
    minimum=lambda kernel_size, **options: 2 * (positive_integer("kernel_size", kernel_size) + 1),
    defaults={
        "normalization": None,
        "activation": "tanh",
        "kernel_initializer": "glorot_uniform",
    },
    static=True,
)

LeNet5 = FAMILY.size("LeNet5", "two convolutions and three dense layers")
LeNet5Test = FAMILY.size(
    "LeNet5Test",
    "few channels and units, for tests",
    registered="lenet5_test",
    input_size=16,
    filters=(4, 8),
    kernel_size=3,
    units=(32, 16),
)
