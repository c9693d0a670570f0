"""ShuffleNet V2 x0.5 on CIFAR-10, trained as `cifar10_resnet20` for fewer epochs.

    kerasbook train cifar10_shufflenet_v2

The network of Ma et al. (2018) with a stem of stride 1 and no pooling, for 32 x 32 pixels.

Measured: x
"""

from kerasbook.recipes.cifar10_resnet20 import recipe as base
from kerasbook.registry import register

recipe = register("recipe")(
    base.replace(
        name="cifar10_shufflenet_v2",
        model="shufflenetv2x0_5",
        model_arguments={"low_resolution": True},
        epochs=6,
    )
)
