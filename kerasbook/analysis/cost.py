"""What a model costs: parameters, multiply-adds and memory for one image, computed."""

import collections
import contextlib
import dataclasses
import functools
import math
import re

import keras
from keras import tree

from kerasbook.analysis.layer_costs import is_in_place, own_multiply_adds
from kerasbook.layers.own_weights import own_weights


@dataclasses.dataclass(frozen=True)
class LayerCost:
    """What one call of a layer costs by itself, without the layers within it.

    Attributes:
        name: Name of the layer, behind those of the layers that it stands in.
        output_shape: Shape of its outputs for one image, without the batch; a tuple of shapes
            if there are several.
        parameters: Number of its weights, 0 where an earlier call has counted them.
        multiply_adds: Number of its multiply-adds.
        activations: Numbers that it adds to those that are held.
    """

    name: str
    output_shape: tuple
    parameters: int
    multiply_adds: int
    activations: int


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a model costs; all but the weights is for one image.

    Attributes:
        parameters: Number of the weights, of all variables but metrics and states of seeds.
        trainable_parameters: Number of those which training changes.
        multiply_adds: Number of multiply-adds.
        activations: Numbers that are held: the inputs, and what each layer adds to them.
        weight_memory: Bytes of the weights, in the dtypes of their variables.
        activation_memory: Bytes of the activations, in the dtypes that they are computed in.
        layers: A `LayerCost` for each input and call of a layer, in the order in which they
            begin. Layers made of layers are left out unless they cost something by themselves.
    """

    parameters: int
    trainable_parameters: int
    multiply_adds: int
    activations: int
    weight_memory: int
    activation_memory: int
    layers: tuple


def cost(model, *, input_shape=None):
    """Counts what a model costs for one image, without computing a number.

    Multiply-adds are those of convolutions, dense layers and their like: each tap of a kernel
    once for each position that it is laid on, padding included. Biases, normalizations,
    activations, poolings and resizing are not counted. Activations are the numbers that training
    keeps: the inputs, and the outputs of every layer but those that rename them or can work in
    place, which are `Flatten`, `Reshape`, activations and dropout. Memory holds what
    `keras.layers` compute, not the workspace of a kernel nor the states of an optimizer.

    The model is called, outside of training, on symbols of one image, and every layer within it
    is watched, also in layers made of layers. Thus a layer that is called twice counts twice.
    Known are the layers of Keras but recurrent ones, and the library's own. A layer of another
    class with weights that are matrices tells its own by a method
    `multiply_adds(input_shape, output_shape)`, which leaves out the layers within it. The
    shapes have the batch of 1 in front; several are a list.

    Args:
        model: A built `keras.Model`.
        input_shape: `(height, width, channels)`, or what the model's inputs have for shapes,
            without the batch, in their structure; `None` takes the model's own. It must be given
            where that leaves a size open.

    Returns:
        A `Cost`.

    Raises:
        ValueError: If `model` is not built, `input_shape` does not fit to it or is missing, or
            the multiply-adds of a layer are not known; the message names the layer.

    Example:
        >>> lenet5 = kerasbook.analysis.cost(kerasbook.applications.LeNet5())
        >>> lenet5.parameters, lenet5.multiply_adds, lenet5.activations
        (61706, 416520, 8878)
        >>> lenet5.layers[1].name, lenet5.layers[1].output_shape
        ('stem_conv', (28, 28, 6))
    """
    if not isinstance(model, keras.Model) or not model.built:
        raise ValueError(f"`model` must be a built `keras.Model`. Received: model={model!r}")
    inputs = _symbols(model, input_shape)
    calls = _calls(model, inputs)
    rows, total, held = [], 0, 0
    for name, symbol in zip(_names(model, inputs), tree.flatten(inputs), strict=True):
        rows.append(LayerCost(name, tuple(symbol.shape[1:]), 0, 0, math.prod(symbol.shape)))
        held += _bytes(symbol)
    counted = set()
    for call in calls:
        weights = [v for v in _weights(call.layer) if id(v) not in counted]
        counted.update(id(v) for v in weights)
        row = _row(call, _size(weights))
        total += row.multiply_adds
        if row.parameters or row.multiply_adds or row.activations or not call.has_parts:
            rows.append(row)
        held += sum(_bytes(tensor) for tensor in call.new)
    return Cost(
        parameters=_size(model.weights),
        trainable_parameters=_size(model.trainable_weights),
        multiply_adds=total,
        activations=sum(row.activations for row in rows),
        weight_memory=sum(_bytes(variable) for variable in model.weights),
        activation_memory=held,
        layers=tuple(rows),
    )


def flops(model, *, input_shape=None):
    """Counts the floating-point operations of a model for one image: two for each multiply-add.

    What is not counted in `kerasbook.analysis.cost` is not counted here: biases, normalizations,
    activations and poolings. Many papers write "FLOPs" for the multiply-adds themselves, half
    of this number.

    Args:
        model: A built `keras.Model`.
        input_shape: As in `kerasbook.analysis.cost`.

    Returns:
        An integer.

    Raises:
        ValueError: As `kerasbook.analysis.cost` does.

    Example:
        >>> kerasbook.analysis.flops(kerasbook.applications.LeNet5())
        833040
    """
    return 2 * cost(model, input_shape=input_shape).multiply_adds


# Of a call: the path of its layer, the symbols before and after it, those of the latter that take
# memory, and whether other layers were called within.
_Call = collections.namedtuple("_Call", "name layer before after new has_parts")


def _calls(model, inputs):
    """Returns the calls of all layers within a model, in the order in which they begin."""
    calls, path, seen = [], [], {}

    def watch(layer, function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            place = len(calls)
            calls.append(None)
            path.append(layer.name)
            outputs = function(*args, **kwargs)
            name = "/".join(path[1:]) or model.name
            path.pop()
            after = _tensors(outputs)
            new = [x for x in after if id(x) not in seen]
            seen.update((id(x), x) for x in after)  # alive, so that no other takes its identity
            if is_in_place(layer):
                new = []
            before = _tensors((args, kwargs))
            calls[place] = _Call(name, layer, before, after, new, len(calls) > place + 1)
            return outputs

        return call

    def run(inputs):
        # Keras may run this again, if a backend has no symbols for some operation.
        calls.clear()
        path.clear()
        seen.clear()
        seen.update((id(x), x) for x in tree.flatten(inputs))
        return model(inputs, training=False)

    # An operation of a function is run on symbols, for which no variable needs a value.
    operation = keras.Operation()
    operation.call = run
    with keras.StatelessScope(initialize_variables=False), contextlib.ExitStack() as stack:
        for layer in _parts(model):
            for method in ("call", "quantized_call"):
                stack.enter_context(_replaced(layer, method, watch(layer, getattr(layer, method))))
        operation.compute_output_spec(inputs)
    return calls


def _parts(model):
    """Returns a model, the layers within it and the operations of functional models, each once."""
    layers = {id(layer): layer for layer in model._flatten_layers()}
    for layer in list(layers.values()):
        layers.update((id(part), part) for part in getattr(layer, "operations", ()))
    return list(layers.values())


@contextlib.contextmanager
def _replaced(layer, method, function):
    """Gives an object, and not its class, another method for a while."""
    before = vars(layer).get(method)
    # Past Keras' own, which looks for variables in what it is given.
    object.__setattr__(layer, method, function)
    try:
        yield
    finally:
        if before is None:
            object.__delattr__(layer, method)
        else:
            object.__setattr__(layer, method, before)


def _tensors(structure):
    """Returns the tensors in a structure, but for masks."""
    leaves = [leaf for leaf in tree.flatten(structure) if keras.ops.is_tensor(leaf)]
    return [x for x in leaves if keras.backend.standardize_dtype(x.dtype) != "bool"]


def _row(call, parameters):
    after = [tuple(x.shape) for x in call.after]
    before = [tuple(x.shape) for x in call.before]
    try:
        if any(None in shape for shape in after):
            raise ValueError(f"its outputs have no static shapes, but {after}")
        multiply_adds = own_multiply_adds(
            call.layer, _weights(call.layer), _one_or_all(before), _one_or_all(after)
        )
    except ValueError as error:
        raise ValueError(f"No cost of layer {call.name!r}: {error}") from None
    return LayerCost(
        name=call.name,
        output_shape=_one_or_all(tuple(shape[1:] for shape in after)),
        parameters=parameters,
        multiply_adds=multiply_adds,
        activations=sum(math.prod(x.shape) for x in call.new),
    )


def _one_or_all(shapes):
    return shapes[0] if len(shapes) == 1 else shapes


def _weights(layer):
    return own_weights(layer) if isinstance(layer, keras.layers.Layer) else []


def _size(variables):
    return sum(math.prod(variable.shape) for variable in variables)


def _bytes(tensor):
    bits = re.search(r"\d+", keras.backend.standardize_dtype(tensor.dtype))
    return math.prod(tensor.shape) * max(int(bits[0]) // 8 if bits else 1, 1)


def _names(model, inputs):
    """Returns a name for each input of a model."""
    own = getattr(model, "inputs", None) or ()
    names = [tensor._keras_history.operation.name for tensor in own]
    return names or [f"input{i}" for i, _ in enumerate(tree.flatten(inputs), 1)]


def _symbols(model, input_shape):
    """Returns symbols of one image, in the structure of a model's inputs."""
    own = getattr(model, "inputs", None)
    if input_shape is None:
        if not own:
            raise ValueError(
                "`input_shape` must be given for a model that does not know its inputs. "
                f"Received: input_shape=None, model={model.name!r}"
            )
        structure = own[0] if isinstance(model, keras.Sequential) else model.input
        shapes = tree.map_structure(lambda x: tuple(x.shape[1:]), structure)
    else:
        shapes = tree.map_shape_structure(tuple, input_shape)
    dtypes = [x.dtype for x in own] if own else None
    flat = []
    tree.map_shape_structure(lambda shape: flat.append(tuple(shape)), shapes)
    fits = not own or (
        len(flat) == len(own) and all(_fits(a, x.shape[1:]) for a, x in zip(flat, own, strict=True))
    )
    sizes = [size for shape in flat for size in shape]
    if not fits or any(size is None or type(size) is not int or size < 1 for size in sizes):
        needed = [tuple(x.shape[1:]) for x in own or ()]
        raise ValueError(
            "`input_shape` must have a positive integer for each size and agree with the inputs "
            f"of the model. Received: input_shape={input_shape}, inputs of the shapes {needed}"
        )
    symbols = iter(
        keras.KerasTensor((1, *shape), dtype)
        for shape, dtype in zip(flat, dtypes or [keras.config.floatx()] * len(flat), strict=True)
    )
    return tree.map_shape_structure(lambda shape: next(symbols), shapes)


def _fits(shape, own):
    return len(shape) == len(own) and all(b in (None, a) for a, b in zip(shape, own, strict=True))
