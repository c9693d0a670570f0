"""ResNeXt: residual networks whose 3 x 3 convolutions have many groups."""

import dataclasses

from kerasbook.applications import resnet
from kerasbook.applications.units import Convention

FAMILY = dataclasses.replace(
    resnet.FAMILY,
    name="resnext",
    title="Residual networks of many groups",
    description="""
        A ResNet of bottlenecks, whose 3 x 3 convolutions are wider and split into groups that do
        not see each other; the 1 x 1 convolutions around them mix the groups.
    """,
    options=resnet.OPTIONS,
    reference="""
        Xie et al., 2017, table 1, https://arxiv.org/abs/1611.05431. Their networks of 101 layers
        have 32 groups of 4 channels (`group_width=4`) or 64 of 4; 32 groups of 8 are those of
        Mahajan et al., 2018, https://arxiv.org/abs/1805.00932, and of torchvision and timm.
    """,
    conventions={"torch": Convention()},
)


def size(name, layers, group_width, about):
    """Returns the function of a network with 32 groups of so many channels in the first stage."""
    return resnet.size(
        name,
        layers,
        f"{about} of 32 groups of {group_width} channels",
        peers={"timm": f"{name.lower()}_32x{group_width}d"},
        family=FAMILY,
        groups=32,
        group_width=group_width,
    )


ResNeXt50 = size("ResNeXt50", 50, 4, "sixteen bottlenecks")
ResNeXt101 = size("ResNeXt101", 101, 8, "33 bottlenecks")
ResNeXtTest = FAMILY.size(
    "ResNeXtTest",
    "three narrow bottlenecks of four groups, for tests",
    registered="resnext_test",
    input_size=32,
    depths=(1, 1, 1),
    filters=8,
    groups=4,
    group_width=16,
    low_resolution=True,
)
