"""Layers that drop while they train, against compositions of stock Keras."""

import keras
from keras import ops
from layer_step import Case

from kerasbook import layers

SHAPE = (32, 28, 28, 64)


class DropBlock(keras.layers.Layer):
    """Algorithm 1 of the paper with one square window."""

    def __init__(self, rate, block_size):
        super().__init__()
        self.rate, self.block_size = rate, block_size
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, inputs, training=False):
        batch, height, width, channels = ops.shape(inputs)
        size = self.block_size
        places = (height - size + 1) * (width - size + 1)
        gamma = self.rate / size**2 * height * width / places
        margin = (size - 1) // 2
        shape = (batch, height - size + 1, width - size + 1, channels)
        draws = keras.random.uniform(shape, seed=self.seed_generator)
        begins = ops.cast(draws < gamma, inputs.dtype)
        begins = ops.pad(begins, [(0, 0), (margin, margin), (margin, margin), (0, 0)])
        mask = 1 - ops.max_pool(begins, size, 1, padding="same")
        return inputs * mask * ops.cast(ops.size(mask), mask.dtype) / ops.sum(mask)


class DropConnect(keras.layers.Layer):
    """`dropout` of the kernel, repeated if every image has its own."""

    def __init__(self, units, rate, per_image=True):
        super().__init__()
        self.units, self.rate, self.per_image = units, rate, per_image
        self.seed_generator = keras.random.SeedGenerator(0)

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units))
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")

    def call(self, inputs, training=False):
        kernel = ops.convert_to_tensor(self.kernel)
        if not self.per_image:
            kernel = keras.random.dropout(kernel, self.rate, seed=self.seed_generator)
            return ops.matmul(inputs, kernel) + self.bias
        kernel = ops.repeat(kernel[None], ops.shape(inputs)[0], axis=0)
        kernel = keras.random.dropout(kernel, self.rate, seed=self.seed_generator)
        return ops.einsum("bi,bio->bo", inputs, kernel) + self.bias


class DropConnectConvolution(keras.layers.Layer):
    """A mask for each image, the images convolved one by one."""

    def __init__(self, filters, kernel_size, rate):
        super().__init__()
        self.convolution = keras.layers.Conv2D(filters, kernel_size, padding="same")
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator(0)

    def build(self, input_shape):
        self.convolution.build(input_shape)

    def call(self, inputs, training=False):
        def convolve(image):
            kernel = ops.convert_to_tensor(self.convolution.kernel)
            kernel = keras.random.dropout(kernel, self.rate, seed=self.seed_generator)
            return ops.conv(image[None], kernel, padding="same")[0]

        return ops.map(convolve, inputs) + self.convolution.bias


CASES = [
    Case(
        "DropPath(0.2)",
        lambda: layers.DropPath(0.2),
        {"Keras composition": lambda: keras.layers.Dropout(0.2, noise_shape=(None, 1, 1, 1))},
        SHAPE,
    ),
    Case(
        "DropBlock2D(0.1, 7)",
        lambda: layers.DropBlock2D(0.1, 7),
        {"Keras composition": lambda: DropBlock(0.1, 7)},
        shape=SHAPE,
        pairs=21,
    ),
    Case(
        "DropConnectDense(256)",
        lambda: layers.DropConnectDense(256),
        {"Keras composition": lambda: DropConnect(256, 0.5)},
        shape=(64, 784),
        pairs=11,
    ),
    Case(
        "DropConnectDense(256, per_image=False)",
        lambda: layers.DropConnectDense(256, per_image=False),
        {"Keras composition": lambda: DropConnect(256, 0.5, per_image=False)},
        shape=(64, 784),
        pairs=21,
    ),
    Case(
        "DropConnectConv2D(64, 3)",
        lambda: layers.DropConnectConv2D(64, 3, padding="same"),
        {"Keras composition": lambda: DropConnectConvolution(64, 3, 0.5)},
        shape=SHAPE,
        pairs=11,
    ),
    Case(
        "MonteCarloDropout(0.5)",
        lambda: layers.MonteCarloDropout(0.5),
        {
            "Keras": lambda: keras.layers.Dropout(0.5),
            "torch": lambda torch: torch.nn.Dropout(0.5),
        },
        shape=SHAPE,
        pairs=21,
    ),
]
