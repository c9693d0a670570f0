"""The small residual networks of the augmentation benchmarks, registered as models."""

import keras

from kerasbook import layers
from kerasbook.applications import parts
from kerasbook.registry import register


def wide_residual(input_shape, classes, *, width, blocks):
    """Builds a wide residual network before activation (Zagoruyko and Komodakis, 2016).

    Unlike the paper's, its first group halves height and width as well, which takes less than
    a quarter of the time: the maps have 16, 8 and 4 rows.
    """
    image = parts.image_input(input_shape, 32, True)
    x = layers.Conv2D(
        16, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name="stem"
    )(image)
    for group in range(3):
        for strides in (2, *[1] * (blocks - 1)):
            block = layers.ResidualBlock(16 * width * 2**group, strides=strides, preactivation=True)
            x = block(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Activation("relu", name="relu")(x)
    x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(image, parts.probabilities(parts.dense_classifier(x, classes), "softmax"))


@register("model")
def WideResNet16(input_shape=None, classes=10, *, width=2):
    """Builds the network of 16 layers."""
    return wide_residual(input_shape, classes, width=width, blocks=2)


@register("model")
def WideResNet10(input_shape=None, classes=10, *, width=2):
    """Builds the network of 10 layers."""
    return wide_residual(input_shape, classes, width=width, blocks=1)
