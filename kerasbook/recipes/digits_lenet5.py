"""LeNet-5 on the embedded 8 x 8 digits: the first run of everybody, without a download.

    kerasbook train

The images are doubled in size, and LeNet-5 gets 3 x 3 kernels, 32 and 64 channels, 128 and 64
units, ReLU, max pooling and dropout; it learns from shifted images by one cycle of Adam.

Measured: 99.16% after 20 epochs in 5.4 s (test accuracy, median of 3 seeds; AMD EPYC, 2 cores,
TensorFlow 2.21.0, Keras 3.15.1, 2026-11-21).
"""

from kerasbook.registry import register
from kerasbook.training import Recipe

recipe = register("recipe")(
    Recipe(
        name="digits_lenet5",
        model="lenet5",
        dataset="digits",
        model_arguments={
            "filters": [32, 64],
            "kernel_size": 3,
            "units": [128, 64],
            "activation": "relu",
            "downsampling": "max",
            "dropout": 0.3,
        },
        image_size=(16, 16),
        epochs=20,
        batch_size=32,
        learning_rate=3e-3,
        schedule="one_cycle",
        augmentation="shift",
        label_smoothing=0.05,
    )
)
