"""SE-ResNet and SE-ResNeXt: residual networks whose branches end in gates of their channels."""

import dataclasses

from kerasbook.applications import resnet
from kerasbook.applications.units import Convention

FAMILY = dataclasses.replace(
    resnet.FAMILY,
    name="se_resnet",
    title="Residual networks with gates",
    description="""
        A ResNet or ResNeXt, each branch of which ends in squeeze and excitation: its channels are
        scaled by gates, computed by two dense layers from their means over all positions.
    """,
    reference="""
        Hu et al., 2018, table 1, https://arxiv.org/abs/1709.01507; groups: Xie et al., 2017,
        https://arxiv.org/abs/1611.05431.
    """,
    options=resnet.OPTIONS,
    conventions={"torch": Convention()},
)


def size(name, layers, about, peer=None, **values):
    """Returns the function of a network with so many layers."""
    options = {"peers": {"timm": peer} if peer else {}, "squeeze_excite": 16, **values}
    return resnet.size(name, layers, about, family=FAMILY, **options)


# In timm these two have gates of at least eight channels within, or activations before the gates.
SEResNet18 = size("SEResNet18", 18, "eight basic blocks")
SEResNet34 = size("SEResNet34", 34, "sixteen basic blocks")
SEResNet50 = size("SEResNet50", 50, "sixteen bottlenecks", "seresnet50")
SEResNet101 = size("SEResNet101", 101, "33 bottlenecks", "seresnet101")
SEResNet152 = size("SEResNet152", 152, "50 bottlenecks", "seresnet152")
SEResNeXt50 = size(
    "SEResNeXt50",
    50,
    "sixteen bottlenecks of 32 groups of 4 channels",
    "seresnext50_32x4d",
    groups=32,
    group_width=4,
)
SEResNeXt101 = size(
    "SEResNeXt101",
    101,
    "33 bottlenecks of 32 groups of 4 channels",
    "seresnext101_32x4d",
    groups=32,
    group_width=4,
)
SEResNetTest = FAMILY.size(
    "SEResNetTest",
    "three narrow bottlenecks with gates, for tests",
    registered="se_resnet_test",
    input_size=32,
    depths=(1, 1, 1),
    filters=8,
    squeeze_excite=4,
    low_resolution=True,
)
