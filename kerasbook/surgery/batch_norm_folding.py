"""Folding of batch normalizations into the weights of the layers before them."""

import collections

import keras
import numpy as np

from kerasbook import layers
from kerasbook.layers.kernel_axes import channel_axis, output_axes
from kerasbook.surgery.batch_norm_statistics import BATCH_NORMS, float64, get_statistics
from kerasbook.surgery.rebuilding import config_of, references

# Of these very classes, not of subclasses, whose results may be something else.
LINEAR_LAYERS = {
    keras.layers.Dense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    layers.DepthwiseConv2D,
    layers.DilatedConv2D,
    layers.GroupedConv2D,
    layers.TrueConv1D,
    layers.TrueConv2D,
    layers.TrueConv3D,
}


def fold_batch_norm(model):
    """Returns a model without the batch normalizations that follow a convolution or dense layer.

    Outside of training, `y = gamma (x W + b - mean) / sqrt(variance + epsilon) + beta` is
    `x W' + b'` with `s = gamma / sqrt(variance + epsilon)`, `W' = s W` and
    `b' = s (b - mean) + beta`, computed in float64. The returned model gives the same results
    in fewer layers; it is for inference, is not compiled, and shares no variable with `model`,
    which does not change.

    Folded is a `BatchNormalization`, Keras' or the library's, or a `BatchRenormalization`, that
    is called once, directly on the result of a `Dense` layer or a convolution (depthwise,
    separable, transposed and `kerasbook.layers.Conv2D` among them) without activation, which is
    called once and whose result goes nowhere else; also inside models within the model. All
    else is left as it is: a normalization before a convolution, after an activation, a pooling,
    a sum or a concatenation, of another axis or compute dtype, of shared or quantized layers,
    and those inside layers of other kinds. Such a layer may bring its own way: if it has a
    method `fold_batch_norm`, its place is taken by the built layer which that returns, whose
    name and inputs must be the layer's own.

    Args:
        model: A built functional or `keras.Sequential` model.

    Returns:
        A new model of the same class, with the names of the layers that are left.

    Raises:
        ValueError: If `model` is neither functional nor sequential, or not built.

    Example:
        >>> model = keras.Sequential([keras.Input((9, 9, 3)), keras.layers.Conv2D(4, 3)])
        >>> model.add(kerasbook.layers.BatchNormalization())
        >>> [type(layer).__name__ for layer in kerasbook.surgery.fold_batch_norm(model).layers]
        ['Conv2D']

    Reference:
        Jacob et al., 2018, section 3.2, https://arxiv.org/abs/1712.05877, equation 14
    """
    config, values = _fold(model)
    folded = type(model).from_config(config)
    _assign(folded, values)
    return folded


def _fold(model):
    """Returns the folded model's config, and a dictionary from layers' names to their values."""
    config = config_of(model)
    is_sequential = isinstance(model, keras.Sequential)
    by_name = {layer.name: layer for layer in model.layers}
    uses = collections.Counter(name for name, _, _ in references(config))
    values, linear, stands_for, kept = {}, {}, {}, []
    previous = None
    for entry in config["layers"]:
        name = entry["config"]["name"]
        layer = by_name.get(name)
        source = previous if is_sequential else _only_source(entry)
        target = stands_for.get(source, source)
        used_once = is_sequential or uses[source] == 1
        if target in linear and used_once and _follows(layer, by_name[target]):
            values[target] = _folded_values(by_name[target], values[target], layer)
            linear[target]["config"]["use_bias"] = True
            stands_for[name] = target
        else:
            kept.append(entry)
            values[name] = _values(layer, entry)
            if _is_linear(layer):
                linear[name] = entry
        previous = name
    config["layers"] = kept
    for reference in references(config):
        reference[0] = stands_for.get(reference[0], reference[0])
    return config, values


def _only_source(entry):
    """Returns the name of the layer that an entry's is called on, if that is once and on one."""
    sources = list(references({"layers": [entry]}))
    return sources[0][0] if len(sources) == 1 else None


def _is_linear(layer):
    return (
        type(layer) in LINEAR_LAYERS
        and layer.activation is keras.activations.linear
        and layer.dtype_policy.quantization_mode is None
        and not getattr(layer, "lora_enabled", False)
    )


def _follows(norm, layer):
    """Tells whether a layer is a batch normalization of another one's channels."""
    if not isinstance(norm, BATCH_NORMS) or norm.compute_dtype != layer.compute_dtype:
        return False
    rank = norm.input_spec.ndim
    return norm.axis % rank == channel_axis(layer) % rank


def _values(layer, entry):
    """Returns what `_assign` needs for a layer, and changes its entry if it folds by itself."""
    if isinstance(layer, keras.Model):
        entry["config"], values = _fold(layer)
        return values
    if type(layer) in LINEAR_LAYERS:
        return {v.name: keras.ops.convert_to_numpy(v) for v in layer.weights}
    if hasattr(layer, "fold_batch_norm"):
        layer = layer.fold_batch_norm()
        entry.update(keras.saving.serialize_keras_object(layer))
    return layer.get_weights() if layer is not None else []


def _folded_values(layer, values, norm):
    """Returns the values of a layer's variables, by name, with a normalization in them."""
    mean, variance = get_statistics(norm)
    gamma = 1.0 if norm.gamma is None else float64(norm.gamma)
    beta = 0.0 if norm.beta is None else float64(norm.beta)
    scale = gamma / np.sqrt(variance + norm.epsilon)
    name = "pointwise_kernel" if "pointwise_kernel" in values else "kernel"
    kernel = values[name].astype("float64")
    axes = [axis % kernel.ndim for axis in output_axes(layer)]
    shape = [size if axis in axes else 1 for axis, size in enumerate(kernel.shape)]
    bias = values.get("bias", np.zeros(len(mean))).astype("float64")
    return {
        **values,
        name: kernel * np.reshape(scale, shape),
        "bias": (bias - mean) * scale + beta,
    }


def _assign(model, values):
    for layer in model.layers:
        value = values[layer.name]
        if isinstance(layer, keras.Model):
            _assign(layer, value)
        elif isinstance(value, dict):
            layer.set_weights([value[variable.name] for variable in layer.weights])
        else:
            layer.set_weights(value)
