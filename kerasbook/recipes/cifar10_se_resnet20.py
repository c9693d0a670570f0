"""SE-ResNet-20 on CIFAR-10: ResNet-20 with gates, all else as in `cifar10_resnet20`.

    kerasbook train cifar10_se_resnet20

Gates as of Hu et al. (2018), of reduction 16, in the ResNet-20 of He et al. (2016): a network
that is in no table of theirs.

Measured: 83.28% after 10 epochs in 1849.8 s (test accuracy, one seed; AMD EPYC, 2 cores,
TensorFlow 2.21.0, Keras 3.15.1, 2026-11-28).
"""

from kerasbook.recipes.cifar10_resnet20 import recipe as base
from kerasbook.registry import register

recipe = register("recipe")(
    base.replace(
        name="cifar10_se_resnet20",
        model="seresnet20",
    )
)
