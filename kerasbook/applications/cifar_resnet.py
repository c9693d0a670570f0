"""Residual networks for images of 32 x 32: three stages of 16, 32 and 64 channels.

They are the networks of `kerasbook.applications.resnet` with one stage less, a stem that keeps
the resolution, and shortcuts without weights.
"""

import dataclasses

from kerasbook.applications import resnet
from kerasbook.applications.units import Convention

FAMILY = dataclasses.replace(
    resnet.FAMILY,
    name="cifar_resnet",
    title="Residual networks for small images",
    description="""
        A 3 x 3 convolution; three stages of equally many blocks, the second and third of which
        halve the resolution and double the channels; mean, classifier. Where the shape changes,
        the shortcut takes every second pixel and adds channels of zeros. Those with gates are in
        no table of a paper: they put the gates of SE-ResNets into these networks.
    """,
    options=resnet.OPTIONS,
    reference="""
        He et al., 2016, section 4.2, https://arxiv.org/abs/1512.03385; gates: Hu et al., 2018,
        https://arxiv.org/abs/1709.01507.
    """,
    conventions={"torch": Convention()},
    input_size=32,
    classes=10,
    torch_names=(),
)


def size(name, layers, squeeze_excite=None):
    """Returns the function of a network with so many layers, two in each block."""
    blocks = (layers - 2) // 6
    gated = f", with gates of reduction {squeeze_excite}" if squeeze_excite else ""
    return FAMILY.size(
        name,
        f"{layers} layers, {blocks} basic blocks in each stage{gated}",
        block="basic",
        depths=(blocks,) * 3,
        filters=16,
        shortcut="identity",
        low_resolution=True,
        squeeze_excite=squeeze_excite,
    )


ResNet20 = size("ResNet20", 20)
ResNet32 = size("ResNet32", 32)
ResNet44 = size("ResNet44", 44)
ResNet56 = size("ResNet56", 56)
ResNet110 = size("ResNet110", 110)
SEResNet20 = size("SEResNet20", 20, squeeze_excite=16)
SEResNet32 = size("SEResNet32", 32, squeeze_excite=16)
SEResNet44 = size("SEResNet44", 44, squeeze_excite=16)
SEResNet56 = size("SEResNet56", 56, squeeze_excite=16)
SEResNet110 = size("SEResNet110", 110, squeeze_excite=16)
CIFARResNetTest = FAMILY.size(
    "CIFARResNetTest",
    "three narrow basic blocks with gates, for tests",
    registered="cifar_resnet_test",
    block="basic",
    depths=(1, 1, 1),
    filters=8,
    shortcut="identity",
    low_resolution=True,
    squeeze_excite=4,
)
