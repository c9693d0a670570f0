"""What every model's function shares: the input's shape, the classifier, the weights."""

import pathlib

import keras


def image_input(input_shape, default_size, include_top, minimum=1):
    """Returns the symbolic input of an image model.

    Args:
        input_shape: `(height, width, channels)`; `None` takes a square of `default_size` with
            3 channels, its size left open without the top.
        default_size: Pixels of the default square's side.
        include_top: Whether the model has its classifier.
        minimum: Smallest height and width that leave one pixel at the end.

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
        input_shape = (size, size, 3)
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
    return keras.Input(shape, name="image")


def classifier(x, classes, activation):
    """Adds the classifier: a dense layer `predictions`, and its activation in float32.

    The activation is a layer of its own, so that a loss can be taken of the logits before it
    and probabilities do not suffer from half precision.

    Raises:
        ValueError: If `classes` is no positive integer.
    """
    if type(classes) is not int or classes < 1:
        raise ValueError(f"`classes` must be a positive integer. Received: classes={classes!r}")
    x = keras.layers.Dense(classes, name="predictions")(x)
    if activation is None:
        return x
    return keras.layers.Activation(activation, dtype="float32", name="probabilities")(x)


def pool(x, pooling):
    """Applies the global pooling of a model without its top: `None`, `"avg"` or `"max"`."""
    if pooling is None:
        return x
    if pooling == "avg":
        return keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    if pooling == "max":
        return keras.layers.GlobalMaxPooling2D(name="max_pool")(x)
    raise ValueError(f"`pooling` must be None, 'avg' or 'max'. Received: pooling={pooling!r}")


def with_weights(model, weights):
    """Loads a model's weights from a file, unless `weights` is `None`, and returns the model.

    Raises:
        ValueError: If `weights` is neither `None` nor the path of a weights file.
    """
    if weights is not None:
        if not isinstance(weights, (str, pathlib.Path)) or not pathlib.Path(weights).is_file():
            raise ValueError(
                "`weights` must be None or the path of a weights file. "
                f"Received: weights={str(weights)!r}"
            )
        model.load_weights(weights)
    return model
