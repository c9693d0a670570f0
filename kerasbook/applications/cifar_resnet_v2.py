"""Residual networks before activation for images of 32 x 32: three stages of bottlenecks.

They are the networks of `kerasbook.applications.resnet_v2` with one stage less and a stem that
keeps the resolution.
"""

import dataclasses

from kerasbook.applications import resnet_v2
from kerasbook.applications.units import Convention

FAMILY = dataclasses.replace(
    resnet_v2.FAMILY,
    name="cifar_resnet_v2",
    title="Residual networks before activation for small images",
    description="""
        A 3 x 3 convolution; three stages of equally many blocks, the second and third of which
        halve the resolution and double the channels; normalization, activation, mean, classifier.
        A block adds to its input what 1 x 1, 3 x 3 and 1 x 1 convolutions, each after
        normalization and activation, make of it.
    """,
    options=resnet_v2.OPTIONS,
    reference="""
        He et al., 2016, figure 4(e) and appendix, https://arxiv.org/abs/1603.05027.
    """,
    conventions={"torch": Convention()},
    input_size=32,
    classes=10,
    torch_names=(),
)


def size(name, layers):
    """Returns the function of a network with so many layers, three in each block."""
    blocks = (layers - 2) // 9
    return FAMILY.size(
        name,
        f"{layers} layers, {blocks} bottlenecks in each stage",
        depths=(blocks,) * 3,
        filters=16,
        low_resolution=True,
    )


ResNet164V2 = size("ResNet164V2", 164)
ResNet1001V2 = size("ResNet1001V2", 1001)
