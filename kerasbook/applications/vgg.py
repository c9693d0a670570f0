"""VGG: blocks of 3 x 3 convolutions, each of which ends in a pooling, and dense layers."""

from kerasbook.applications.family import Family, dense_head
from kerasbook.applications.units import Convention
from kerasbook.layers.arguments import positive_integer, positive_integers


def trunk(x, units, *, depths=(2, 2, 3, 3, 3), filters=64):
    """Returns the maps of so many blocks as there are `depths`."""
    positive_integer("filters", filters)
    for stage, depth in enumerate(positive_integers("depths", depths)):
        part = f"stage{stage}" if stage else "stem"
        width = filters * min(2**stage, 8)
        for number in range(1, depth + 1):
            x = units.unit(x, width, 3, name=f"{part}_{number}")
        x = units.pool(x, "max", 2, name=part)
    return x


def torch_names(depths, normalization, **options):
    """Returns the rules of timm's names, which number all layers, those without weights too."""
    places, place = {}, 0
    for stage, depth in enumerate(depths):
        for number in range(1, depth + 1):
            name = f"stage{stage}_{number}" if stage else f"stem_{number}"
            places[f"{name}_conv"] = place
            places[f"{name}_norm"] = place + 1
            place += 2 if normalization is None else 3
        place += 1
    trunk = "|".join(places)
    return (
        (f"({trunk})", lambda match: f"features.{places[match[1]]}"),
        (r"dense(\d)", r"pre_logits.fc\1"),
        (r"predictions", "head.fc"),
    )


FAMILY = Family(
    name="vgg",
    title="Plain networks of 3 x 3 convolutions",
    description="""
        Five blocks of 3 x 3 convolutions that keep the size, each followed by a maximum pooling
        that halves it; the width doubles with each block, to eight times the first. Two hidden
        dense layers and the classifier, on the flattened maps. The first block is the stem.
    """,
    options={
        "depths": "Number of convolutions of each block; each block halves the size.",
        "filters": "Channels of the first block.",
        "units": "Units of the hidden dense layers.",
        "dropout": "Probability of dropping a feature after each hidden dense layer, in [0, 1); "
        "0.5 in the paper.",
    },
    reference="""
        Simonyan and Zisserman, 2015, table 1, https://arxiv.org/abs/1409.1556. There is no batch
        normalization there; that of the sizes with BN follows each convolution, as in torchvision.
    """,
    trunk=trunk,
    head=dense_head,
    conventions={
        "keras": Convention(use_bias=True, preprocessing="caffe"),
        "torch": Convention(use_bias=True),
    },
    minimum=lambda depths, **options: 2 ** len(positive_integers("depths", depths)),
    defaults={"normalization": None},
    torch_names=torch_names,
    static=True,
)

TORCH, BOTH = ("torch",), ("keras", "torch")
DEPTHS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}


def size(name, layers, about, conventions=TORCH, peers=None, **values):
    """Returns the function of a network with so many layers."""
    return FAMILY.size(
        name, about, conventions=conventions, peers=peers, depths=DEPTHS[layers], **values
    )


def normalized_size(name, layers, twin):
    """Returns the function of such a network with batch normalization."""
    about = f"{layers - 3} convolutions, each with batch normalization, and three dense layers"
    return size(name, layers, about, peers={"timm": twin}, normalization="batch")


VGG11 = size("VGG11", 11, "8 convolutions and three dense layers", peers={"timm": "vgg11"})
VGG13 = size("VGG13", 13, "10 convolutions and three dense layers", peers={"timm": "vgg13"})
VGG16 = size(
    "VGG16",
    16,
    "13 convolutions and three dense layers",
    BOTH,
    {"keras": "VGG16", "timm": "vgg16"},
)
VGG19 = size(
    "VGG19",
    19,
    "16 convolutions and three dense layers",
    BOTH,
    {"keras": "VGG19", "timm": "vgg19"},
)
VGG11BN = normalized_size("VGG11BN", 11, "vgg11_bn")
VGG13BN = normalized_size("VGG13BN", 13, "vgg13_bn")
VGG16BN = normalized_size("VGG16BN", 16, "vgg16_bn")
VGG19BN = normalized_size("VGG19BN", 19, "vgg19_bn")
VGGTest = FAMILY.size(
    "VGGTest",
    "five narrow blocks of one convolution, for tests",
    registered="vgg_test",
    conventions=TORCH,
    input_size=32,
    depths=(1, 1, 1, 1, 1),
    filters=8,
    units=(32, 32),
)
