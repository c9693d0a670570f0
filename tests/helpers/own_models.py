"""Small data and models of a user's own: for tests of `training.fit`."""

import keras
import numpy as np
import tensorflow as tf

OPTIMIZERS = keras.optimizers


def make_data(count):
    rng = np.random.default_rng(0)
    return rng.random((count, 5)).astype("float32"), rng.integers(0, 3, count)


def make_model(make_optimizer=lambda: "sgd", strategy=None, **arguments):
    keras.utils.set_random_seed(0)
    with (strategy or tf.distribute.get_strategy()).scope():
        model = keras.Sequential(
            [
                keras.Input((5,)),
                keras.layers.Dense(4, activation="tanh"),
                keras.layers.Dense(3, activation="softmax", kernel_regularizer="l2"),
            ]
        )
        model.compile(
            make_optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"], **arguments
        )
    return model


def normalized(strategy):
    """Returns a model with batch normalization, for a step of everything on every worker."""
    keras.utils.set_random_seed(0)
    with strategy.scope():
        layers = [keras.Input((5,)), keras.layers.BatchNormalization(), keras.layers.Dense(3)]
        model = keras.Sequential(layers)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        optimizer = OPTIMIZERS.SGD(
            0.1, global_clipnorm=0.5, use_ema=True, gradient_accumulation_steps=2
        )
        model.compile(optimizer, loss, metrics=["accuracy"], steps_per_execution=2)
    return model
