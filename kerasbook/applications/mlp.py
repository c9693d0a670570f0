"""The multilayer perceptron: dense layers on a flattened image."""

import keras

from kerasbook.applications import parts
from kerasbook.registry import register


@register("model")
def MLP(
    include_top=True,
    weights=None,
    input_shape=(28, 28, 1),
    pooling=None,
    classes=10,
    classifier_activation="softmax",
    name="mlp",
    *,
    units=(128, 128),
    activation="relu",
    dropout=0.0,
):
    """Builds a multilayer perceptron.

    With the defaults it is the 784-128-128-10 network of 118,282 parameters.

    Args:
        include_top: Whether to end in the classifier; else in the last hidden layer.
        weights: `None`, or the path of a weights file.
        input_shape: `(height, width, channels)`, all static.
        pooling: Must be `None`; there are no positions left to pool over.
        classes: Number of classes.
        classifier_activation: Activation of the classifier; `None` returns logits.
        name: Name of the model.
        units: Units of the hidden layers.
        activation: Activation of the hidden layers.
        dropout: Probability of dropping a unit after each hidden layer, in [0, 1).

    Returns:
        A `keras.Model` from float images `(batch, height, width, channels)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> kerasbook.applications.MLP().count_params()
        118282

    Reference:
        Murphy, 2022, Probabilistic Machine Learning, section 13.2.4.2.
    """
    if pooling is not None:
        raise ValueError(f"`pooling` must be None. Received: pooling={pooling!r}")
    image = parts.image_input(input_shape, 28, include_top)
    if None in image.shape[1:]:
        raise ValueError(f"`input_shape` must be static. Received: input_shape={input_shape}")
    x = keras.layers.Flatten(name="flatten")(image)
    for number, size in enumerate(units, 1):
        x = keras.layers.Dense(size, activation=activation, name=f"dense{number}")(x)
        if dropout:
            x = keras.layers.Dropout(dropout, name=f"dropout{number}")(x)
    if include_top:
        x = parts.probabilities(parts.dense_classifier(x, classes), classifier_activation)
    return parts.with_weights(keras.Model(image, x, name=name), weights)
