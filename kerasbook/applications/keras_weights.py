"""Weights of `keras.applications`, copied over to the network of the same name here."""

import inspect
import re

import keras
import numpy as np

from kerasbook.applications.graph import weighted_layers

# What Keras calls otherwise in some of its layers. A separable convolution there is a depthwise
# and a pointwise one here.
ROLES = {"depthwise_kernel": "kernel", "pointwise_kernel": "kernel"}


def from_keras(source, target):
    """Copies the weights of a model of `keras.applications` into that of kerasbook.

    The layers of both are walked along their graphs, which must be alike, so that names do not
    matter; layers that scale the input, such as Keras' EfficientNets begin with, are left out
    (`model_info(name).preprocess_input` does what they do). Nothing is copied unless everything
    fits.

    Args:
        source: The model of `keras.applications`, with or without its top.
        target: The model of `kerasbook.applications` in its convention `"keras"`, of the same
            network and with the same `include_top` and `classes`.

    Returns:
        `target`, which has got the weights.

    Raises:
        ValueError: If a weight of the source finds no place, a place of the target is left
            empty, or their layers' strides or epsilons differ, as those of another convention do;
            the message names it.

    Example:
        >>> theirs = keras.applications.VGG16(weights=None, include_top=False)
        >>> ours = kerasbook.applications.VGG16(include_top=False)
        >>> kerasbook.applications.from_keras(theirs, ours) is ours
        True
    """
    for name, model in (("source", source), ("target", target)):
        if not isinstance(model, keras.Model) or not getattr(model, "outputs", None):
            raise ValueError(f"`{name}` must be a functional model. Received: {name}={model!r}")
    given, places = _slots(source), _slots(target)
    for (path, role, value, _), (own_path, own_role, place, _) in zip(given, places, strict=False):
        if role != own_role or _core(value.shape) != _core(place.shape):
            raise ValueError(
                "`source` must be the network of `target`. Received: the weight "
                f"{path!r} of shape {tuple(value.shape)} where {own_path!r} of shape "
                f"{tuple(place.shape)} has its place"
            )
    if len(given) > len(places):
        raise ValueError(
            "`source` must be the network of `target`. Received: the weight "
            f"{given[len(places)][0]!r}, which finds no place"
        )
    if len(given) < len(places):
        raise ValueError(
            "`source` must be the network of `target`. Received: no weight for "
            f"{places[len(given)][0]!r}"
        )
    for (path, _, _, layer), (_, _, _, own) in zip(given, places, strict=True):
        _require_same_form(path, layer, own)
    for (_, _, value, _), (_, _, place, _) in zip(given, places, strict=True):
        place.assign(keras.ops.reshape(keras.ops.convert_to_tensor(value), place.shape))
    return target


def _require_same_form(path, layer, own):
    """Raises a `ValueError` where layers of equal weights compute otherwise by their arguments."""
    for name in ("strides", "epsilon", "dilation_rate", "groups"):
        theirs, ours = getattr(layer, name, None), getattr(own, name, None)
        if theirs is not None and ours is not None and not np.all(np.equal(theirs, ours)):
            raise ValueError(
                "`target` must be in the convention 'keras'. Received: the weight "
                f"{path!r} of a layer with {name}={theirs}, in whose place it is {ours}"
            )


def require_imagenet(size, arguments, changed):
    """Raises a `ValueError` unless Keras has weights of ImageNet for a size.

    Args:
        size: The `Size`.
        arguments: Dictionary of all arguments of the model.
        changed: Those of them that say which weights there are, and have not their default.
    """
    name = size.peers.get("keras")
    if name is None:
        raise ValueError(
            "`weights` must be None or a path, since `keras.applications` has no weights for "
            f"{size.name}. Received: weights='imagenet'"
        )
    if arguments["convention"] != "keras":
        raise ValueError(
            "`convention` must be 'keras' with `weights='imagenet'`. "
            f"Received: convention={arguments['convention']!r}"
        )
    if arguments["include_top"] and arguments["classes"] != 1000:
        raise ValueError(
            "`classes` must be 1000 with `weights='imagenet'` and the top. "
            f"Received: classes={arguments['classes']}"
        )
    for key, value in changed.items():
        if key not in _arguments_of(name):
            raise ValueError(
                f"`{key}` must have its default with `weights='imagenet'`. "
                f"Received: {key}={value!r}"
            )


def imagenet(model, name, include_top, options):
    """Gives a model the weights of ImageNet that `keras.applications` downloads.

    Args:
        model: The model.
        name: The network's name there.
        include_top: Whether it has its classifier.
        options: Further arguments of the model; those that Keras' function has, too, such as
            `alpha`, are handed on, and it says which there are weights for.
    """
    shared = set(options) & _arguments_of(name)
    source = getattr(keras.applications, name)(
        weights="imagenet",
        include_top=include_top,
        input_shape=model.input_shape[1:],
        **{key: options[key] for key in shared},
    )
    return from_keras(source, model)


def _arguments_of(name):
    return set(inspect.signature(getattr(keras.applications, name)).parameters)


def _slots(model):
    """Returns (path, role, variable, layer) for every weight of a model."""
    return [
        (f"{layer.name}/{variable.name}", _role(variable), variable, layer)
        for layer in weighted_layers(model)
        if not isinstance(layer, keras.layers.Normalization)
        for variable in layer.weights
        if "seed" not in variable.name
    ]


def _role(variable):
    """Returns what a variable is in its layer; the only one without a name there is a scale."""
    name = re.sub(r"variable(_\d+)?$", "gamma", variable.name)
    return ROLES.get(name, name)


def _core(shape):
    """Returns a shape without its ones: a dense layer is a convolution of one tap."""
    return [size for size in shape if size != 1]
