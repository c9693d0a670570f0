"""The parts of blocks in plain NumPy, with the weights of a block in their order."""

import keras
import numpy as np

from helpers.definitions import convolve, normalize

EPSILON = 1e-3


class Units:
    """Gives a block random weights and does with them, one after the other, what its units do.

    Args:
        block: A built block with batch normalization, if any.
        rng: Random generator.
        training: Whether normalizations use the batch's statistics.
    """

    def __init__(self, block, rng, training=False):
        for weight in block.weights:
            if "seed" not in weight.path:
                low = -0.7 if len(weight.shape) > 1 else 0.3
                weight.assign(rng.uniform(low, 1.0, weight.shape))
        self.left = [w.astype("float64") for w in block.get_weights() if w.ndim]
        self.training = training

    def weight(self):
        return self.left.pop(0)

    def conv(self, x, strides=(1, 1), padding="same", depthwise=False):
        kernel = self.weight()
        if depthwise:
            kernel = kernel.reshape(*kernel.shape[:2], 1, -1)
        return convolve(x, kernel, strides, padding)

    def norm(self, x):
        gamma, beta, mean, variance = (self.weight() for _ in range(4))
        if self.training:
            return normalize(x, (0, 1, 2), EPSILON) * gamma + beta
        return (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta

    def unit(self, x, strides=(1, 1), padding="same", depthwise=False, relu=True):
        """Convolution, normalization and ReLU."""
        y = self.norm(self.conv(x, strides, padding, depthwise))
        return np.maximum(y, 0) if relu else y

    def first(self, x):
        """Normalization and ReLU before a convolution."""
        return np.maximum(self.norm(x), 0)


def outputs(block, x, training=False):
    """Returns a block's outputs for inputs with the channels last, in NumPy, channels last."""
    first = block.data_format == "channels_first"
    x = np.asarray(x, "float32")
    y = block(x.transpose(0, 3, 1, 2) if first else x, training=training)
    y = keras.ops.convert_to_numpy(y)
    return y.transpose(0, 2, 3, 1) if first else y


def built(kind, *arguments, shape, data_format="channels_last", **options):
    """Returns a block, built for inputs of a shape with the channels last."""
    block = kind(*arguments, data_format=data_format, **options)
    batch, *sizes, channels = shape
    first = data_format == "channels_first"
    block.build((batch, channels, *sizes) if first else shape)
    return block
