"""Pooling against TensorFlow's kernels behind Keras layers, and torch."""

import keras
import tensorflow as tf
from keras import ops
from layer_step import Case

from kerasbook import layers

LARGE = (32, 48, 48, 96)


def norms():
    """Returns the Euclidean norm of windows in stock Keras."""
    return keras.Sequential(
        [
            keras.layers.Lambda(ops.square),
            keras.layers.AveragePooling2D(2),
            keras.layers.Lambda(lambda means: ops.sqrt(4 * means)),
        ]
    )


class PlacesAndValues(keras.layers.Layer):
    """Multiplies maxima by their places, so that the gradient needs both."""

    def __init__(self, own):
        super().__init__()
        self.layer = layers.MaxPoolingWithArgmax2D(2) if own else None

    def call(self, inputs):
        if self.layer is None:
            values, places = tf.nn.max_pool_with_argmax(inputs, 2, 2, "VALID")
        else:
            values, places = self.layer(inputs)
        return values * ops.cast(places, values.dtype)


class Unpooled(keras.layers.Layer):
    """Pools and puts the maxima back."""

    def __init__(self, own):
        super().__init__()
        self.layers = (layers.MaxPoolingWithArgmax2D(2), layers.MaxUnpooling2D(2)) if own else None

    def call(self, inputs):
        if self.layers is not None:
            return self.layers[1](self.layers[0](inputs))
        values, places = tf.nn.max_pool_with_argmax(
            inputs, 2, 2, "VALID", include_batch_in_index=True
        )
        size = tf.size(inputs, out_type=tf.int64)
        flat = tf.scatter_nd(tf.reshape(places, (-1, 1)), tf.reshape(values, (-1,)), [size])
        return tf.reshape(flat, tf.shape(inputs))


class Pyramid(keras.layers.Layer):
    """Pooling layers of Keras for images of 16 x 16 pixels, strung together."""

    def __init__(self, levels):
        super().__init__()
        # Keras' own AdaptiveMaxPooling2D(1) raises, in 3.15.
        self.poolings = [keras.layers.MaxPooling2D(16 // level) for level in levels]

    def call(self, inputs):
        shape = (ops.shape(inputs)[0], -1)
        return ops.concatenate([ops.reshape(p(inputs), shape) for p in self.poolings], axis=1)


class FractionalOfTensorFlow(keras.layers.Layer):
    """TensorFlow's kernel, one draw for the batch."""

    def call(self, inputs, training=False):
        return tf.nn.fractional_max_pool(inputs, (1, 1.44, 1.44, 1), pseudo_random=True)[0]


class StochasticOfKeras(keras.layers.Layer):
    """Patches and a categorical draw."""

    def call(self, inputs, training=False):
        batch, rows, columns, channels = ops.shape(inputs)
        x = ops.reshape(ops.relu(inputs), (batch, rows // 2, 2, columns // 2, 2, channels))
        x = ops.reshape(ops.transpose(x, (0, 1, 3, 5, 2, 4)), (-1, 4))
        drawn = keras.random.categorical(ops.log(x + 1e-30), 1)
        drawn = ops.take_along_axis(x, drawn, axis=1)
        return ops.reshape(drawn, (batch, rows // 2, columns // 2, channels))


def torch_places(torch):
    class Places(torch.nn.Module):
        def forward(self, inputs):
            values, places = torch.nn.functional.max_pool2d(inputs, 2, return_indices=True)
            return values * places.to(values.dtype)

    return Places()


def torch_unpooled(torch):
    class Unpool(torch.nn.Module):
        def forward(self, inputs):
            pooled = torch.nn.functional.max_pool2d(inputs, 2, return_indices=True)
            return torch.nn.functional.max_unpool2d(*pooled, 2)

    return Unpool()


def torch_pyramid(torch):
    class Bins(torch.nn.Module):
        def forward(self, inputs):
            pool = torch.nn.functional.adaptive_max_pool2d
            return torch.cat([pool(inputs, level).flatten(1) for level in (1, 2, 4)], 1)

    return Bins()


CASES = [
    Case(
        "LpPooling2D(2)",
        lambda: layers.LpPooling2D(2),
        {"Keras composition": norms, "torch": lambda torch: torch.nn.LPPool2d(2, 2)},
        shape=LARGE,
        pairs=21,
    ),
    Case(
        "MaxPoolingWithArgmax2D(2)",
        lambda: PlacesAndValues(own=True),
        {"Keras composition": lambda: PlacesAndValues(own=False), "torch": torch_places},
        shape=LARGE,
        pairs=21,
    ),
    Case(
        "MaxUnpooling2D(2), after MaxPoolingWithArgmax2D(2)",
        lambda: Unpooled(own=True),
        {"Keras composition": lambda: Unpooled(own=False), "torch": torch_unpooled},
        shape=LARGE,
        pairs=11,
    ),
    Case(
        "SpatialPyramidPooling2D((1, 2, 4))",
        lambda: layers.SpatialPyramidPooling2D((1, 2, 4)),
        {"Keras composition": lambda: Pyramid((1, 2, 4)), "torch": torch_pyramid},
        shape=(32, 16, 16, 256),
        pairs=21,
    ),
    Case(
        "FractionalMaxPooling2D(1.44)",
        lambda: layers.FractionalMaxPooling2D(1.44),
        {
            "Keras composition": FractionalOfTensorFlow,
            "torch": lambda torch: torch.nn.FractionalMaxPool2d(2, output_ratio=1 / 1.44),
        },
        shape=LARGE,
        pairs=11,
    ),
    Case(
        "StochasticPooling2D(2)",
        lambda: layers.StochasticPooling2D(2),
        {"Keras composition": StochasticOfKeras},
        shape=LARGE,
        pairs=11,
    ),
]
