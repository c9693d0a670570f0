"""Weights of timm and torchvision, read into the network of the same name here."""

import pathlib
import re

import keras
import numpy as np

from kerasbook import registry
from kerasbook.applications.graph import weighted_layers

# What a variable is called in a state dictionary; running statistics are buffers there.
SUFFIXES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
COUNTERS = "num_batches_tracked"  # of steps; nothing here needs them


def from_timm(state_dict, name, **arguments):
    """Builds a model and gives it the weights of its twin in timm or torchvision.

    Args:
        state_dict: Dictionary from names to NumPy arrays (or whatever `np.asarray` takes), or the
            path of a safetensors file. PyTorch is not needed.
        name: Name of the model, see `list_models`.
        **arguments: Further arguments of the model; it is built in the convention `"torch"`, and
            with as many `classes` as there are weights for.

    Returns:
        The `keras.Model`. Images for it are scaled by
        `model_info(name, convention="torch").preprocess_input`, or within it, with
        `include_preprocessing=True`.

    Raises:
        ValueError: If the model has no such twin, a weight finds no place, a place is left empty,
            or shapes differ; the message names the weight. Or the file is no safetensors file.
        FileNotFoundError: If there is no such file.

    Example:
        >>> import keras
        >>> try:
        ...     kerasbook.applications.from_timm({}, "resnet18")
        ... except ValueError as error:
        ...     print(error)
        `state_dict` must hold 'conv1.weight'. Received: state_dict with 0 weights, model='resnet18'
    """
    function = registry.get("model", str(name).lower(), argument="name")
    family = getattr(getattr(function, "size", None), "family", None)
    if family is None or not family.torch_names:
        raise ValueError(
            f"`name` must be a model whose twin in timm is known. Received: name={name!r}"
        )
    weights = {k: v for k, v in _arrays(state_dict).items() if not k.endswith(COUNTERS)}
    rules = family.torch_names
    if callable(rules):
        defaults = {key: entry.default for key, entry in function.size.signature.parameters.items()}
        rules = rules(**defaults | arguments)
    if "classes" not in arguments and arguments.get("include_top", True):
        arguments["classes"] = _classes(function, rules, weights)
    model = function(**{"convention": "torch", **arguments})
    return _filled(model, rules, weights, name)


def _filled(model, rules, weights, name):
    """Gives a model its weights; none is changed unless all fit."""
    left, values = set(weights), []
    for layer in weighted_layers(model):
        module = torch_name(layer.name, rules)
        for variable in layer.weights:
            if "seed" in variable.name:
                continue
            role = variable.name.removeprefix("depthwise_")
            key = f"{module}.{SUFFIXES[role]}" if role in SUFFIXES else f"{module}.{role}"
            if module in weights and len(layer.weights) == 1:
                key = module  # a parameter that stands by itself, such as a layer scale
            if key not in weights:
                raise ValueError(
                    f"`state_dict` must hold {key!r}. Received: state_dict with {len(weights)} "
                    f"weights, model={name!r}"
                )
            value = _in_keras_order(weights[key], role, variable, layer)
            if value.shape != tuple(variable.shape):
                raise ValueError(
                    f"`state_dict` must fit the model {name!r}. Received: {key!r} of shape "
                    f"{weights[key].shape} for {layer.name!r} of shape {tuple(variable.shape)}"
                )
            left.discard(key)
            values.append((variable, value))
    if left:
        raise ValueError(
            f"`state_dict` must hold nothing but the weights of {name!r}. Received: "
            f"{sorted(left)[0]!r}" + (f" and {len(left) - 1} more" if len(left) > 1 else "")
            + ", which find no place"
        )  # fmt: skip
    for variable, value in values:
        variable.assign(value)
    return model


def torch_name(layer, rules):
    """Returns the name of the module that a layer is in timm, by the first rule that matches."""
    for pattern, replacement in rules:
        match = re.fullmatch(pattern, layer)
        if match:
            return replacement(match) if callable(replacement) else match.expand(replacement)
    raise ValueError(f"`layer` must have a name in timm. Received: layer={layer!r}")


def _classes(function, rules, weights):
    """Returns the number of classes that a state dictionary has weights for."""
    weight = weights.get(f"{torch_name('predictions', rules)}.weight")
    return function.size.classes if weight is None or not weight.ndim else len(weight)


def _arrays(state_dict):
    if isinstance(state_dict, (str, pathlib.Path)):
        path = pathlib.Path(state_dict)
        if not path.is_file():
            raise FileNotFoundError(
                f"`state_dict` must be a dictionary or a file. Received: state_dict={str(path)!r}"
            )
        return _read_safetensors(path)
    if not hasattr(state_dict, "items"):
        raise ValueError(
            "`state_dict` must be a dictionary of arrays or the path of a safetensors file. "
            f"Received: state_dict={state_dict!r}"
        )
    return {str(key): _array(key, value) for key, value in state_dict.items()}


def _array(key, value):
    """Returns a weight as an array of real numbers."""
    if hasattr(value, "detach"):  # a tensor of torch, which may be on a device or of half precision
        value = value.detach().cpu().float()
    array = np.asarray(value)
    if array.dtype.kind in "cOSUMm":
        raise ValueError(
            f"`state_dict` must hold arrays of real numbers. Received: {key!r} of dtype "
            f"{array.dtype}"
        )
    return array


def _read_safetensors(path):
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(
            f"`state_dict` must be a safetensors file. Received: state_dict={str(path)!r}, which "
            f"cannot be read: {error}"
        ) from error


def _in_keras_order(value, role, variable, layer):
    """Returns a weight with its axes in Keras' order, (height, width, channels, filters).

    What does not fit comes back in a shape that is not the variable's.
    """
    shape = tuple(variable.shape)
    if role != "kernel":
        return value.reshape(shape) if value.size == shape[0] else value
    if value.ndim == 4:
        turned = value.transpose(2, 3, 1, 0)  # (height, width, channels per group, filters)
        if isinstance(layer, keras.layers.DepthwiseConv2D) or "depthwise" in variable.name:
            fits = turned.shape == (*shape[:2], 1, shape[2] * shape[3])
            return turned.reshape(shape) if fits else value
        if len(shape) == 2 and turned.shape[3] == shape[1] and value.size == np.prod(shape):
            return turned.reshape(shape)  # a dense layer that is a convolution there
        return turned
    if value.ndim == 2:
        value = _of_flattened_maps(value.T, layer)
        if shape[:-2] == (1, 1) and value.shape == shape[2:]:
            return value.reshape(shape)  # a convolution of one tap that is a dense layer there
    return value


def _of_flattened_maps(value, layer):
    """Returns the kernel of a dense layer, which behind a flattening has the channels first."""
    flatten = layer.input._keras_history.operation
    if not isinstance(flatten, keras.layers.Flatten):
        return value
    height, width, channels = flatten.input.shape[1:]
    if len(value) != height * width * channels:
        return value  # the error of the caller names it
    value = value.reshape(channels, height, width, -1)
    return value.transpose(1, 2, 0, 3).reshape(height * width * channels, -1)
