"""LeNet-5 on MNIST, one epoch."""

from kerasbook.registry import register
from kerasbook.training import Recipe

recipe = register("recipe")(
    Recipe(
        name="mnist_lenet5",
        model="lenet5",
        dataset="mnist",
        model_arguments={"filters": [32, 64], "activation": "relu", "downsampling": "max"},
        train_split="train[:55000]",
        validation_split="train[55000:]",
        epochs=1,
        batch_size=64,
        learning_rate=3e-3,
        schedule="one_cycle",
    )
)
