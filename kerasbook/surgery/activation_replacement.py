"""Models whose hidden activations are replaced by another function."""

import keras

from kerasbook import layers
from kerasbook.surgery.rebuilding import changed_config, copy_weights, put_in_place

# Layers that are activations, by the names of the functions; those of `keras.layers.Activation`
# and of the argument `activation` of other layers come from the config.
LAYERS = {
    keras.layers.ELU: "elu",
    keras.layers.LeakyReLU: "leaky_relu",
    keras.layers.PReLU: "prelu",
    keras.layers.ReLU: "relu",
    keras.layers.Softmax: "softmax",
    layers.Heaviside: "heaviside",
    layers.Swish: "silu",
}
# The operations of `keras.ops` that a functional model may hold, by the names of their classes.
OPERATIONS = {
    "Celu": "celu",
    "Elu": "elu",
    "Gelu": "gelu",
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu",
    "LeakyRelu": "leaky_relu",
    "LogSoftmax": "log_softmax",
    "Relu": "relu",
    "Relu6": "relu6",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Silu": "silu",
    "Softmax": "softmax",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
}
# These weigh what they are multiplied with, or score.
GATES = {"hard_sigmoid", "log_softmax", "sigmoid", "softmax"}
# These give an output its range.
RANGES = {*GATES, "softsign", "tanh"}


def replace_activations(model, activation, *, replaces=None):
    """Returns a model with another hidden activation, and with all weights but those of the old.

    Replaced are layers that are activations, `activation=` arguments of layers, Keras' and the
    library's blocks among them, and activations of `keras.ops` in a functional model, also
    inside models within the model; layers keep their names. An activation that makes an output
    of the model and gives it its range stays: a softmax, sigmoid, hard sigmoid, tanh or
    softsign. So do those of recurrent layers, and arguments of other names, such as
    `gate_activation`.

    Args:
        model: A built functional or `keras.Sequential` model.
        activation: Name of the new activation, or a function, which must be registered with
            Keras for the model to be saved.
        replaces: Name of the kind that is replaced, or a list of names, such as `["relu",
            "relu6"]`; of learned ones `"prelu"`, and `"silu"` for the library's `Swish`. `None`
            replaces all kinds but sigmoid, hard sigmoid and softmax, which may be gates that
            other numbers are multiplied with. A gate written as `relu6(x + 3) / 6`, as in
            `keras.applications.MobileNetV3Small`, counts as `"relu6"`: name the other kinds.

    Returns:
        A new model of the same class, not compiled. It shares no variable with `model`, which
        does not change.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> model = kerasbook.applications.LeNet5()
        >>> changed = kerasbook.surgery.replace_activations(model, "silu")
        >>> changed.get_layer("stem_act").activation.__name__
        'silu'
        >>> changed.get_layer("probabilities").activation.__name__
        'softmax'

    Reference:
        Ramachandran et al., 2017, section 5, https://arxiv.org/abs/1710.05941, where rectifiers
        of known networks are replaced, and the networks are trained anew.
    """
    new_name = _serialized(activation)
    kinds = _kinds(replaces)

    def is_replaced(kind, is_output):
        if kind == "linear" or (is_output and kind in RANGES):
            return False
        return kind not in GATES if kinds is None else kind in kinds

    def change(layer, entry, is_output):
        if layer is None:
            kind = OPERATIONS.get(entry["class_name"], "linear")
        else:
            kind = _kind_of_layer(layer)
        if is_replaced(kind, is_output):
            dtype = _dtype(entry) if layer is None else layer.dtype_policy
            put_in_place(entry, keras.layers.Activation(activation, dtype=dtype))
        elif layer is not None:
            change_arguments(entry["config"], is_output)

    def change_arguments(config, is_output):
        if "recurrent_initializer" in config:
            return
        if is_replaced(_kind_of_argument(config.get("activation")), is_output):
            config["activation"] = new_name
        for value in config.values():  # such as the layer within a wrapper
            if isinstance(value, dict) and isinstance(value.get("config"), dict):
                change_arguments(value["config"], is_output)

    config = changed_config(model, change)
    new = type(model).from_config(config)
    copy_weights(model, new, replaced=tuple(LAYERS), carry=_carry)
    return new


def _serialized(activation):
    """Returns an activation as it stands in configs."""
    try:
        unnamed = getattr(activation, "__name__", None) == "<lambda>"
        if activation is None or unnamed or isinstance(activation, keras.layers.Layer):
            raise ValueError
        serialized = keras.activations.serialize(keras.activations.get(activation))
        keras.activations.get(serialized)
    except ValueError:
        raise ValueError(
            "`activation` must be the name of an activation or a function registered with Keras. "
            f"Received: activation={activation!r}"
        ) from None
    return serialized


def _kinds(replaces):
    """Returns the set of the names in `replaces`, or `None`."""
    if replaces is None:
        return None
    names = [replaces] if isinstance(replaces, str) else replaces
    try:
        return {
            name if name in LAYERS.values() else keras.activations.get(name).__name__
            for name in names
        }
    except (ValueError, TypeError, AttributeError):
        raise ValueError(
            "`replaces` must be None, the name of an activation or a list of names. "
            f"Received: replaces={replaces!r}"
        ) from None


def _kind_of_layer(layer):
    """Returns the name of the activation that a layer is, `"linear"` if it is none."""
    if isinstance(layer, keras.layers.ReLU):
        if layer.negative_slope:
            return "leaky_relu"
        return "relu6" if layer.max_value == 6 else "relu"
    return next((name for kind, name in LAYERS.items() if isinstance(layer, kind)), "linear")


def _kind_of_argument(value):
    """Returns the name of an activation in a config."""
    if isinstance(value, dict):  # a function or a layer
        name = value["config"]
        classes = {kind.__name__: kind_name for kind, kind_name in LAYERS.items()}
        return name if isinstance(name, str) else classes.get(value["class_name"], "unknown")
    return value or "linear"


def _dtype(entry):
    """Returns the dtype of the first tensor that an operation is called on."""
    return entry["inbound_nodes"][0]["args"][0]["config"]["dtype"]


def _carry(old, new):
    if type(old) is type(new):
        new.set_weights(old.get_weights())
