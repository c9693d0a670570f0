"""The loss step of a mixture density head, beside keras-mdn-layer's.

    pip install keras-mdn-layer && python benchmarks/heads.py

A step is the head's forward pass, its loss and the gradients of its weights and inputs, in one
compiled graph; both have normal components with a scale for each output.
"""

import keras
import keras_mdn_layer
import numpy as np
import tensorflow as tf
from paired import compare, write_record

from kerasbook.layers import MixtureDensity
from kerasbook.losses import MixtureNegativeLogLikelihood

PAIRS = 301
# Batch, features, outputs, components.
SIZES = ((128, 64, 1, 5), (1024, 128, 2, 10), (4096, 256, 8, 20))


def step_of(head, loss, x, y):
    """Returns a function that makes one step of a model that is compiled with the loss."""
    model = keras.Sequential([keras.Input(x.shape[1:]), head])
    model.compile(loss=loss)
    weights = [weight.value for weight in model.trainable_weights]
    x, y = tf.constant(x), tf.constant(y)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = model.compute_loss(x, y, model(x, training=True))
        return value, tape.gradient(value, [x, *weights])

    return lambda: step(x, y)[0].numpy()


def main():
    rows = []
    for batch, features, outputs, components in SIZES:
        generator = np.random.default_rng(0)
        x = generator.normal(size=(batch, features)).astype("float32")
        y = generator.normal(size=(batch, outputs)).astype("float32")
        steps = {
            "kerasbook": step_of(
                MixtureDensity(outputs, components), MixtureNegativeLogLikelihood(components), x, y
            ),
            "keras-mdn-layer": step_of(
                keras_mdn_layer.MDN(outputs, components),
                keras_mdn_layer.get_mixture_loss_func(outputs, components),
                x,
                y,
            ),
        }
        name = f"{outputs} outputs, {components} components"
        rows.append(compare(name, steps, PAIRS, input_shape=[batch, features]))
    write_record("heads", rows, packages=("keras-mdn-layer",))


if __name__ == "__main__":
    main()
