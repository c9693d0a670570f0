"""ResNet-18 with a 3 x 3 stem on CIFAR-10.

    kerasbook train cifar10_resnet18

He et al. (2016) with what has become usual for 32 x 32 pixels: no pooling in the stem, images
shifted by up to 4 pixels and mirrored, SGD with Nesterov momentum 0.9 and weight decay 5e-4, one
cycle up to 0.1. Only two steps of it have been run, in the tests; its accuracy is not known yet.
"""

from kerasbook.registry import register
from kerasbook.training import Recipe

recipe = register("recipe")(
    Recipe(
        name="cifar10_resnet18",
        model="resnet18",
        dataset="cifar10",
        model_arguments={"low_resolution": True},
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.247, 0.2435, 0.2616),
        train_split="train[:45000]",
        validation_split="train[45000:]",
        epochs=30,
        batch_size=128,
        optimizer="sgd",
        optimizer_arguments={"momentum": 0.9, "nesterov": True},
        learning_rate=0.1,
        schedule="one_cycle",
        warmup_epochs=9,
        weight_decay=5e-4,
        augmentation="shift_and_flip",
    )
)
