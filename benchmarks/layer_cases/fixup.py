"""The Fixup block against the same formula in layers of Keras, and in modules of torch."""

import keras
from layer_step import Case

from kerasbook import layers


class KerasBlock(keras.layers.Layer):
    """The block of the paper, step by step."""

    def __init__(self, filters):
        super().__init__()
        convolution = {"padding": "same", "use_bias": False}
        self.conv1 = keras.layers.Conv2D(filters, 3, **convolution)
        self.conv2 = keras.layers.Conv2D(filters, 3, kernel_initializer="zeros", **convolution)

    def build(self, input_shape):
        self.conv1.build(input_shape)
        self.conv2.build(input_shape)
        self.biases = [self.add_weight(shape=(), initializer="zeros") for _ in range(4)]
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, inputs):
        bias1, bias2, bias3, bias4 = self.biases
        x = keras.ops.relu(self.conv1(inputs + bias1) + bias2)
        x = self.conv2(x + bias3) * self.scale + bias4
        return keras.ops.relu(inputs + x)


def torch_block(torch, filters):
    """The same in torch."""

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = torch.nn.Conv2d(filters, filters, 3, padding=1, bias=False)
            self.conv2 = torch.nn.Conv2d(filters, filters, 3, padding=1, bias=False)
            self.biases = torch.nn.ParameterList(
                [torch.nn.Parameter(torch.zeros(1)) for _ in range(4)]
            )
            self.scale = torch.nn.Parameter(torch.ones(1))

        def forward(self, inputs):
            bias1, bias2, bias3, bias4 = self.biases
            x = torch.relu(self.conv1(inputs + bias1) + bias2)
            x = self.conv2(x + bias3) * self.scale + bias4
            return torch.relu(inputs + x)

    return Block()


CASES = [
    Case(
        "FixupResidualBlock(64)",
        lambda: layers.FixupResidualBlock(64, num_blocks=16),
        {
            "Keras composition": lambda: KerasBlock(64),
            "torch": lambda torch: torch_block(torch, 64),
        },
        shape=(16, 28, 28, 64),
        pairs=31,
    ),
]
