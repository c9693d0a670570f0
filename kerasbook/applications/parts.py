"""What every model's function shares: the input's shape, the classifier, the pooling."""

import keras

from kerasbook.layers.arguments import one_of, positive_integer


def image_input(input_shape, default_size, include_top, minimum=1, *, channels=3, static=False):
    """Returns the symbolic input of an image model.

    Args:
        input_shape: `(height, width, channels)`; `None` takes a square of `default_size`, its
            size left open without the top.
        default_size: Pixels of the default square's side.
        include_top: Whether the model has its classifier.
        minimum: Smallest height and width that leave one pixel at the end.
        channels: Channels of the default.
        static: Whether height and width must be known.

    Raises:
        ValueError: If the shape is no image, too small, or open where it must not be.
    """
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            "Models take images with the channels last. "
            f"Received: image_data_format={keras.config.image_data_format()!r}"
        )
    if input_shape is None:
        size = default_size if include_top else None
        input_shape = (size, size, channels)
    shape = tuple(input_shape) if isinstance(input_shape, (tuple, list)) else (input_shape,)
    sizes = all(size is None or (type(size) is int and size > 0) for size in shape)
    if len(shape) != 3 or shape[2] is None or not sizes:
        raise ValueError(
            f"`input_shape` must be (height, width, channels). Received: input_shape={shape}"
        )
    if any(size is not None and size < minimum for size in shape[:2]):
        raise ValueError(
            f"`input_shape` must be at least {minimum} pixels high and wide. "
            f"Received: input_shape={shape}"
        )
    if static and None in shape:
        raise ValueError(
            "`input_shape` must be static, since the first dense layer has weights for every "
            f"position. Received: input_shape={shape}"
        )
    return keras.Input(shape, name="image")


def dense_classifier(x, classes, name="predictions"):
    """Returns the logits of a dense layer."""
    return keras.layers.Dense(positive_integer("classes", classes), name=name)(x)


def probabilities(logits, activation, name="probabilities"):
    """Applies the activation of the classifier in float32; `None` leaves the logits.

    It is a layer of its own, so that a loss can be taken of the logits before it and
    probabilities do not suffer from half precision. Of a dictionary of logits, that of each.
    """
    if isinstance(logits, dict):
        return {
            key: probabilities(value, activation, name if key == "predictions" else key)
            for key, value in logits.items()
        }
    if activation is None:
        return logits
    known_activation("classifier_activation", activation)
    return keras.layers.Activation(activation, dtype="float32", name=name)(logits)


def known_activation(name, value):
    """Raises a `ValueError` unless Keras knows an activation, the argument `name`."""
    try:
        keras.activations.get(value)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"`{name}` must be an activation of Keras, a layer or None. Received: {name}={value!r}"
        ) from error


def pool(x, pooling):
    """Applies the global pooling of a model without its top: `None`, `"avg"` or `"max"`."""
    if one_of("pooling", pooling, (None, "avg", "max")) is None:
        return x
    if pooling == "avg":
        return keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.layers.GlobalMaxPooling2D(name="max_pool")(x)
