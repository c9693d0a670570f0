"""kerasbook's layers in a Keras model of your own: `python examples/use_a_layer.py`."""

import keras

from kerasbook import layers
from kerasbook.data import read_digits

model = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        keras.layers.Rescaling(1 / 255),
        layers.Conv2D(32, 3, padding="same"),
        layers.BatchNormalization(momentum=0.9),
        keras.layers.Activation("relu"),
        layers.Conv2D(64, 3, groups=4, strides=2, padding="same"),
        layers.GroupNormalization(groups=8),
        keras.layers.Activation("relu"),
        layers.SqueezeExcite(reduction_ratio=8),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(*read_digits("train"), epochs=10, validation_data=read_digits("validation"), verbose=2)
print(f"test accuracy {model.evaluate(*read_digits('test'), verbose=0)[1]:.2%}")
