"""A small network with gated units."""

import keras

from kerasbook.registry import register
from kerasbook_gated.gated_unit import GatedUnit


@register("model")
def GatedNet(
    include_top=True,
    weights=None,
    input_shape=(8, 8, 1),
    pooling=None,
    classes=10,
    classifier_activation="softmax",
    name="gatednet",
):
    """Builds a network of one gated layer."""
    image = keras.Input(input_shape, name="image")
    x = keras.layers.Flatten()(image)
    x = GatedUnit()(keras.layers.Dense(64)(x))
    if include_top:
        x = keras.layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    model = keras.Model(image, x, name=name)
    if weights is not None:
        model.load_weights(weights)
    return model
