"""Activations against Keras, its compositions, and torch."""

import keras
from keras import ops
from layer_step import Case

from kerasbook import layers

LARGE = (32, 48, 48, 96)


class Swish(keras.layers.Layer):
    """The plain formula, with its gradient by the backend."""

    def build(self, input_shape):
        self.beta = self.add_weight(name="beta", shape=(), initializer="ones")

    def call(self, inputs):
        return inputs * ops.sigmoid(self.beta * inputs)


class Maxout(keras.layers.Layer):
    """A dense layer, and the maximum over neighbours, as in TensorFlow Addons."""

    def __init__(self, units, num_pieces):
        super().__init__()
        self.units = units
        self.dense = keras.layers.Dense(units * num_pieces)

    def call(self, inputs):
        return ops.max(ops.reshape(self.dense(inputs), (-1, self.units, 2)), axis=-1)


class StraightThrough(keras.layers.Layer):
    """The step with `stop_gradient`."""

    def call(self, inputs):
        steps = ops.cast(inputs >= 0, inputs.dtype)
        return inputs + ops.stop_gradient(steps - inputs)


def torch_swish(torch):
    class Swish(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.beta = torch.nn.Parameter(torch.ones(()))

        def forward(self, inputs):
            return inputs * torch.sigmoid(self.beta * inputs)

    return Swish()


def torch_maxout(torch):
    class Maxout(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(784, 1024)

        def forward(self, inputs):
            return self.linear(inputs).view(-1, 512, 2).amax(-1)

    return Maxout()


CASES = [
    Case(
        "Swish(learn_beta=False)",
        lambda: layers.Swish(learn_beta=False),
        {
            "Keras": lambda: keras.layers.Activation("silu"),
            "torch": lambda torch: torch.nn.SiLU(),
        },
        shape=LARGE,
        pairs=21,
    ),
    Case(
        "Swish()",
        lambda: layers.Swish(),
        {"Keras composition": Swish, "torch": torch_swish},
        shape=LARGE,
        pairs=21,
    ),
    Case(
        "Maxout(512)",
        lambda: layers.Maxout(512),
        {"Keras composition": lambda: Maxout(512, 2), "torch": torch_maxout},
        shape=(256, 784),
        pairs=41,
    ),
    Case(
        "Heaviside()",
        lambda: layers.Heaviside(),
        {"Keras composition": StraightThrough},
        shape=LARGE,
        pairs=21,
    ),
]
