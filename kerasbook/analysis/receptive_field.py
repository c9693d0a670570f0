"""What each layer of a model sees of its input."""

import dataclasses

import keras

from kerasbook.analysis.field import Field, union
from kerasbook.analysis.layer_steps import layer_steps
from kerasbook.layers.arguments import data_format_of


@dataclasses.dataclass(frozen=True)
class ReceptiveField:
    """What one layer's outputs see of a model's input; one value per spatial axis.

    Attributes:
        layer: Name of the layer, behind those of the models that it stands in.
        size: Pixels that one output sees, from the first to the last; `None` where that is the
            whole of an input whose size is not known.
        stride: Pixels from one output's field to the next one's; 0 where all see the same.
        center: Middle of the first output's field in pixels, the first pixel's middle being 0.
        aligned: Whether the paths that lead to the layer have their centers in one place.
    """

    layer: str
    size: tuple
    stride: tuple
    center: tuple
    aligned: bool


def receptive_field(model, *, data_format=None):
    """Computes the receptive field of every layer of a model.

    A window of extent `e` (`(kernel_size - 1) * dilation_rate + 1`), stride `t` and padding `p`
    at the beginning takes the size `r`, stride `j` and start `s` of the layer before it to
    `r + (e - 1) j`, `j t` and `s - p j`; `center = s + (r - 1) / 2`. Where paths meet, the
    result spans the fields of all of them. Output `i` thus sees the `size` pixels around
    `center + i * stride`; near the borders some of them are padding.

    Known are Keras' convolutions (not the transposed ones), poolings, paddings and croppings,
    the layers that treat each position apart, also in the form `x + y`, and those which see all
    positions: global poolings, `Flatten`, group normalization. Normalization counts as in
    inference, so that of the batch does not widen the field. Models may be nested. Any other
    layer tells by a method `receptive_field_steps()`, which returns a list of branches that
    meet, each a list of steps `(extent, strides, padding)`. These are integers or one per
    axis; an extent of `None` sees all positions, and padding may also be `"valid"`, `"same"`,
    `"full"` or pairs (before, after) per axis. A step may also be a layer, for layers made of
    layers. An empty branch is the identity, so that `[[]]` treats each position apart. Where the
    steps depend on them, the method takes the rank of the inputs and their data format.

    Args:
        model: A functional or sequential `keras.Model` with one input of rank 3, 4 or 5; or the
            symbolic output of a layer in one, `model.get_layer("conv").output`. Under `"same"`
            padding with strides the padding depends on the size, which must then be static.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.

    Returns:
        List with a `ReceptiveField` for each call of a layer, in an order of execution.

    Raises:
        ValueError: If `model` is no such model, or the field of a layer is not known or not one
            field, because paths of different strides meet in it; the message names the layer.

    Example:
        >>> image = keras.Input((64, 64, 3))
        >>> x = image
        >>> for _ in range(3):
        ...     x = kerasbook.layers.Conv2D(8, 3)(x)
        >>> kerasbook.receptive_field(keras.Model(image, x))[-1].size
        (7, 7)

    Reference:
        Araujo, Norris and Sim, 2019, https://distill.pub/2019/computing-receptive-fields/. There
        the pixels are numbered from 1 in places, here always from 0.
    """
    data_format = data_format_of(data_format)
    if isinstance(model, keras.KerasTensor):
        inputs, outputs = keras.utils.get_source_inputs(model), [model]
    else:
        inputs, outputs = _graph(model)
    if len(inputs) != 1 or not 3 <= len(inputs[0].shape) <= 5:
        raise ValueError(
            "`model` must have one input, of rank 3, 4 or 5. "
            f"Received: inputs of the shapes {[tuple(x.shape) for x in inputs]}"
        )
    shape = tuple(inputs[0].shape)
    sizes = shape[1:-1] if data_format == "channels_last" else shape[2:]
    rows = []
    _walk(inputs, outputs, [[Field(size, size) for size in sizes]], data_format, "", rows)
    return rows


def receptive_field_table(rows):
    """Returns the rows of `receptive_field` as the text of a table.

    Example:
        >>> rows = kerasbook.receptive_field(kerasbook.applications.LeNet5(include_top=False))
        >>> print(kerasbook.analysis.receptive_field_table(rows))
        layer        size     stride  center
        stem_conv    5 x 5    1 x 1   0 x 0
        stem_act     5 x 5    1 x 1   0 x 0
        stem_pool    6 x 6    2 x 2   0.5 x 0.5
        stage1_conv  14 x 14  2 x 2   4.5 x 4.5
        stage1_act   14 x 14  2 x 2   4.5 x 4.5
        stage1_pool  16 x 16  4 x 4   5.5 x 5.5
    """
    lines = [("layer", "size", "stride", "center")]
    for row in rows:
        values = (row.size, row.stride, row.center)
        lines.append((row.layer, *(" x ".join(map(_number, value)) for value in values)))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _number(value):
    return "?" if value is None else f"{value:g}"


def _graph(model):
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not isinstance(model, keras.Model) or not inputs or not outputs:
        raise ValueError(
            "`model` must be a functional or sequential model that knows its inputs. "
            f"Received: model={model!r}"
        )
    return inputs, outputs


def _walk(inputs, outputs, fields, data_format, prefix, rows):
    """Adds the rows of a graph and returns the fields of its outputs."""
    known = {id(tensor): field for tensor, field in zip(inputs, fields, strict=True)}
    stack = list(reversed(outputs))
    while stack:
        tensor = stack.pop()
        if id(tensor) in known:
            continue
        operation, index, _ = tensor._keras_history
        node = operation._inbound_nodes[index]
        missing = [x for x in node.input_tensors if id(x) not in known]
        if missing:
            stack += [tensor, *reversed(missing)]
            continue
        name = f"{prefix}{operation.name}"
        before = [known[id(x)] for x in node.input_tensors]
        if isinstance(operation, keras.Model) and not hasattr(operation, "receptive_field_steps"):
            after = _walk(*_graph(operation), before, data_format, f"{name}/", rows)
        else:
            try:
                rank = len(node.input_tensors[0].shape)
                field = _through(operation, _union_of(before), rank, data_format)
            except ValueError as error:
                raise ValueError(f"No receptive field of layer {name!r}: {error}") from None
            rows.append(_row(name, field))
            after = [field] * len(node.outputs)
        known.update((id(x), field) for x, field in zip(node.outputs, after, strict=True))
    return [known[id(tensor)] for tensor in outputs]


def _through(layer, fields, rank, data_format):
    """Returns the fields after a layer, a list of one `Field` per axis."""
    if all(field.stride == 0 for field in fields):
        return fields  # whatever the layer does, it cannot see more
    if isinstance(layer, keras.Model) and not hasattr(layer, "receptive_field_steps"):
        return _union_of(_walk(*_graph(layer), [fields], data_format, "", []))
    if getattr(layer, "data_format", None) not in (None, data_format):
        raise ValueError(f"its data format is {layer.data_format!r}, not {data_format!r}")
    ends = []
    for branch in layer_steps(layer, rank, data_format):
        end = fields
        for step in branch:
            if isinstance(step, keras.layers.Layer):
                end = _through(step, end, rank, data_format)
            else:
                end = [field.step(*_along(axis, *step)) for axis, field in enumerate(end)]
        ends.append(end)
    return _union_of(ends)


def _union_of(ends):
    return [union(fields) for fields in zip(*ends, strict=True)]


def _along(axis, extent, strides, padding):
    """Returns the part of a step for one axis."""
    pads = padding if isinstance(padding, str) else _at(padding, axis)
    return _at(extent, axis), _at(strides, axis), (pads, pads) if isinstance(pads, int) else pads


def _at(value, axis):
    return value[axis] if isinstance(value, (tuple, list)) else value


def _row(name, fields):
    size, stride, center = (
        tuple(getattr(field, attribute) for field in fields)
        for attribute in ("size", "stride", "center")
    )
    return ReceptiveField(name, size, stride, center, all(field.aligned for field in fields))
