"""Train steps of the normalization layers beside their rivals."""

import keras
import tensorflow as tf
from layer_step import Case

from kerasbook import layers

LARGE, MIDDLE = (32, 48, 48, 96), (32, 28, 28, 96)


class PlainFilterResponse(keras.layers.Layer):
    """Filter response normalization as it stands in the paper."""

    def build(self, input_shape):
        shape = (1, 1, 1, input_shape[-1])
        self.gamma = self.add_weight(shape=shape, initializer="ones")
        self.beta, self.tau = (self.add_weight(shape=shape, initializer="zeros") for _ in "bt")

    def call(self, inputs):
        squares = keras.ops.mean(keras.ops.square(inputs), axis=(1, 2), keepdims=True)
        x = inputs * keras.ops.rsqrt(squares + 1e-6)
        return keras.ops.maximum(self.gamma * x + self.beta, self.tau)


class PlainWeightNormalization(keras.layers.Layer):
    """A convolution with `g v / ||v||` as it stands in the paper."""

    def build(self, input_shape):
        self.v = self.add_weight(shape=(3, 3, input_shape[-1], 64), initializer="he_normal")
        self.g = self.add_weight(shape=(64,), initializer="ones")
        self.bias = self.add_weight(shape=(64,), initializer="zeros")

    def call(self, inputs):
        norm = keras.ops.sqrt(keras.ops.sum(keras.ops.square(self.v), axis=(0, 1, 2)))
        return keras.ops.conv(inputs, self.g * self.v / norm) + self.bias


class TensorFlowLocalResponse(keras.layers.Layer):
    """TensorFlow's operation with the constants of the paper."""

    def call(self, inputs):
        return tf.nn.local_response_normalization(inputs, 2, 2.0, 1e-4, 0.75)


CASES = [
    Case(
        "BatchNormalization()",
        layers.BatchNormalization,
        {
            "Keras": keras.layers.BatchNormalization,
            "torch": lambda torch: torch.nn.BatchNorm2d(96, eps=1e-3),
        },
        shape=LARGE,
    ),
    Case(
        "GroupNormalization(32)",
        lambda: layers.GroupNormalization(32),
        {
            "Keras": lambda: keras.layers.GroupNormalization(32),
            "torch": lambda torch: torch.nn.GroupNorm(32, 96, eps=1e-3),
        },
        shape=LARGE,
        pairs=31,
    ),
    Case(
        "InstanceNormalization()",
        layers.InstanceNormalization,
        {
            "Keras": lambda: keras.layers.GroupNormalization(-1),
            "torch": lambda torch: torch.nn.InstanceNorm2d(96, eps=1e-3, affine=True),
        },
        shape=LARGE,
        pairs=31,
    ),
    Case(
        "FilterResponseNormalization()",
        layers.FilterResponseNormalization,
        {"Keras composition": PlainFilterResponse},
        shape=LARGE,
        pairs=31,
    ),
    Case(
        "LocalResponseNormalization()",
        layers.LocalResponseNormalization,
        {
            "tf.nn": TensorFlowLocalResponse,
            "torch": lambda torch: torch.nn.LocalResponseNorm(5, k=2.0),
        },
        shape=MIDDLE,
        pairs=31,
    ),
    Case(
        "BatchRenormalization()",
        layers.BatchRenormalization,
        {
            "Keras": lambda: keras.layers.BatchNormalization(
                renorm=True, renorm_clipping={"rmax": 3.0, "rmin": 1 / 3, "dmax": 5.0}
            ),
        },
        shape=LARGE,
        pairs=31,
    ),
    Case(
        "WeightNormalization(Conv2D(64, 3))",
        lambda: layers.WeightNormalization(keras.layers.Conv2D(64, 3)),
        {
            "Keras composition": PlainWeightNormalization,
            "torch": lambda torch: torch.nn.utils.parametrizations.weight_norm(
                torch.nn.Conv2d(96, 64, 3)
            ),
        },
        shape=MIDDLE,
        pairs=31,
    ),
]
