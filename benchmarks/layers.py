"""A train step of each layer against Keras' own: forward, and gradients of inputs and weights.

python benchmarks/layers.py
"""

import keras
import numpy as np
import tensorflow as tf
from paired import compare, write_record

from kerasbook import layers

SMALL, LARGE = (16, 28, 28, 64), (32, 48, 48, 96)
CASES = [
    ("Conv2D(64, 3, groups=4)", "Conv2D", (64, 3), {"groups": 4, "padding": "same"}, SMALL, 15),
    ("Conv2D(64, 3, groups=32)", "Conv2D", (64, 3), {"groups": 32, "padding": "same"}, SMALL, 9),
    ("GroupNormalization(32)", "GroupNormalization", (32,), {}, LARGE, 41),
    ("BatchNormalization()", "BatchNormalization", (), {}, LARGE, 41),
]


def train_step(layer, inputs, output_gradient):
    """Returns a compiled train step of a layer alone, without the cost of a loss."""
    mode = {"training": True} if isinstance(layer, keras.layers.BatchNormalization) else {}

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, **mode)
        weights = [weight.value for weight in layer.trainable_weights]
        return tape.gradient(outputs, [inputs, *weights], output_gradients=output_gradient)

    return step


def main():
    rows = []
    generator = np.random.default_rng(0)
    for name, kind, arguments, options, shape, pairs in CASES:
        inputs = tf.constant(generator.normal(size=shape).astype("float32"))
        functions = {}
        for rival, module in (("kerasbook", layers), ("Keras", keras.layers)):
            layer = getattr(module, kind)(*arguments, **options)
            gradient = tf.constant(generator.normal(size=layer(inputs).shape).astype("float32"))
            functions[rival] = train_step(layer, inputs, gradient)
        rows.append(compare(name, functions, pairs, input_shape=list(shape)))
    write_record("layers", rows)


if __name__ == "__main__":
    main()
