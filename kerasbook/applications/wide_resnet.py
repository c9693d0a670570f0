"""Wide residual networks for images of 32 x 32: few blocks before activation, with many channels.

They are the networks of `kerasbook.applications.resnet_v2` with basic blocks; those for large
images are in `kerasbook.applications.resnet`.
"""

import dataclasses

from kerasbook.applications import resnet_v2
from kerasbook.applications.units import Convention

FAMILY = dataclasses.replace(
    resnet_v2.FAMILY,
    name="wide_resnet",
    title="Wide residual networks",
    description="""
        A 3 x 3 convolution; three stages of equally many blocks of two 3 x 3 convolutions, each
        after normalization and activation, the second and third of which halve the resolution;
        normalization, activation, mean, classifier.
    """,
    options=resnet_v2.OPTIONS,
    reference="""
        Zagoruyko and Komodakis, 2016, table 1, https://arxiv.org/abs/1605.07146. They train with
        `block_dropout=0.3`, or 0.
    """,
    conventions={"torch": Convention()},
    input_size=32,
    classes=10,
    torch_names=(),
)


def size(name, layers, width_factor):
    """Returns the function of a network with so many layers, so many times wider than a ResNet."""
    blocks = (layers - 4) // 6
    return FAMILY.size(
        name,
        f"{layers} layers, {blocks} basic blocks in each stage, {width_factor} times wider",
        block="basic",
        depths=(blocks,) * 3,
        filters=16,
        width_factor=width_factor,
        low_resolution=True,
    )


WideResNet16_2 = size("WideResNet16_2", 16, 2)
WideResNet28_10 = size("WideResNet28_10", 28, 10)
WideResNetTest = FAMILY.size(
    "WideResNetTest",
    "three basic blocks, for tests",
    registered="wide_resnet_test",
    block="basic",
    depths=(1, 1, 1),
    filters=4,
    width_factor=2,
    low_resolution=True,
)
