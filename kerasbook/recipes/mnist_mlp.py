"""The 784-128-128-10 multilayer perceptron on MNIST."""

from kerasbook.registry import register
from kerasbook.training import Recipe

recipe = register("recipe")(
    Recipe(
        name="mnist_mlp",
        model="mlp",
        dataset="mnist",
        train_split="train[:55000]",
        validation_split="train[55000:]",
        epochs=2,
        batch_size=32,
        learning_rate=2e-3,
        schedule="cosine",
    )
)
