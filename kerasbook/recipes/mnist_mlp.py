"""The 784-128-128-10 multilayer perceptron on MNIST: 118,282 parameters.

    kerasbook train mnist_mlp                 two epochs
    kerasbook train mnist_mlp --epochs 1

Murphy (2022), section 13.2.4.2, reports 97.1 % after two epochs, and 95.9 % after one, without
saying how. We chose ReLU, Adam with batches of 32, a learning rate of 0.002 that falls to 0 along
a cosine, and no augmentation; 5,000 training images are kept for validation.

Measured: 96.88% after 1 epoch in 1.7 s, 97.76% after 2 epochs in 4.3 s (test accuracy, median
of 3 seeds; AMD EPYC, 2 cores, TensorFlow 2.21.0, Keras 3.15.1, 2026-11-21).
"""

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
        steps_per_execution=20,
        learning_rate=2e-3,
        schedule="cosine",
    )
)
