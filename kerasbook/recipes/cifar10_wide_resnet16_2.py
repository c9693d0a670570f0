"""Wide ResNet 16-2 on CIFAR-10, trained as `cifar10_resnet20` for fewer epochs.

    kerasbook train cifar10_wide_resnet16_2

Zagoruyko and Komodakis (2016) train the wide networks for 200 epochs.

Measured: x
"""

from kerasbook.recipes.cifar10_resnet20 import recipe as base
from kerasbook.registry import register

recipe = register("recipe")(
    base.replace(
        name="cifar10_wide_resnet16_2",
        model="wideresnet16_2",
        epochs=5,
    )
)
