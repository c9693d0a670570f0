"""Layer-sequential unit variance: starting values fitted to a batch of data."""

import contextlib
import dataclasses
import functools

import keras
import numpy as np

from kerasbook.arguments import positive_integer

# The kernels of a layer in the order of use. Scaling the last scales the layer's output.
KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")


@dataclasses.dataclass(frozen=True)
class UnitVariance:
    """What `lsuv` did to a layer.

    Attributes:
        variance: Variance of the layer's linear output over the batch, at the end.
        iterations: How many times the kernel was divided by the standard deviation.
    """

    variance: float
    iterations: int


def lsuv(model, batch, *, tolerance=0.1, max_iterations=10, seed=None):
    """Gives each layer orthonormal weights, scaled to outputs of variance 1 on a batch.

    All kernels are drawn anew, with orthonormal columns (or rows, if they are fewer). Then for
    each layer, in the order in which the model runs them, `W := W / sqrt(v)`, with `v` the
    variance of the layer's output over the whole batch, until `|v - 1| <= tolerance`. The output
    is the linear one: a layer's fused `activation` is left out of it, and its bias is not.

    A layer takes part if it has a variable `kernel`, or `depthwise_kernel` and `pointwise_kernel`,
    is trainable, and is not recurrent: Keras' dense and convolutional layers, the library's own
    (but for `FixupResidualBlock`, which has a start of its own) and anybody's, at any depth within
    other models and layers. A layer in a wrapper that makes its kernel, such as
    `WeightNormalization`, takes no part. A convolution that treats each channel apart gets
    orthonormal kernels channel by channel. A layer that is called twice is fitted to its first
    call. All other weights stay as they are; the model runs eagerly and not in training mode.

    Args:
        model: A `keras.Model`, functional, sequential or subclassed, or any Keras layer.
        batch: Inputs for `model`, some tens of samples at least, scaled as in training.
        tolerance: Greatest distance of a variance from 1, above 0.
        max_iterations: Greatest number of divisions for one layer.
        seed: Integer seed of the orthonormal kernels; `None` draws fresh ones.

    Returns:
        Dictionary from the name of a layer, behind those of the models that it stands in
        (`"encoder/dense"`), to its `UnitVariance`, in the order of execution.

    Raises:
        ValueError: If an argument is out of range, no layer has a kernel, or the outputs of a
            layer do not vary, are not finite, or do not come to variance 1. The weights are
            then as they were before.

    Example:
        >>> model = kerasbook.applications.LeNet5(input_shape=(16, 16, 1))
        >>> images = np.random.default_rng(0).normal(size=(32, 16, 16, 1))
        >>> report = kerasbook.initializers.lsuv(model, images, seed=0)
        >>> all(abs(fit.variance - 1) <= 0.1 for fit in report.values())
        True

    Reference:
        Mishkin and Matas, 2016, algorithm 1, https://arxiv.org/abs/1511.06422. Where the paper
        goes on after `max_iterations`, this is an error.
    """
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or tolerance <= 0:
        raise ValueError(f"`tolerance` must be above 0. Received: tolerance={tolerance!r}")
    positive_integer("max_iterations", max_iterations)
    _run(model, batch)  # builds what is not built yet
    layers = [(name, layer) for name, layer in _named_layers(model) if _kernels(layer)]
    if not layers:
        raise ValueError(
            "`model` must have a trainable layer with a kernel. "
            f"Received: model={model.name!r}, which has none"
        )
    before = [
        (kernel, keras.ops.convert_to_numpy(kernel))
        for _, layer in layers
        for kernel in _kernels(layer)
    ]
    generator = np.random.default_rng(seed)
    report, errors = {}, []

    def call_fitted(name, layer, call, values, *args, **kwargs):
        if name not in report:
            linear = contextlib.nullcontext()
            if hasattr(layer, "activation"):
                linear = _replaced(layer, "activation", lambda outputs: outputs)
            with linear:
                outputs = functools.partial(call, *args, **kwargs)
                try:
                    report[name] = _fit(name, layer, values, outputs, tolerance, max_iterations)
                except ValueError as error:
                    errors.append(error)
                    raise
        return call(*args, **kwargs)

    try:
        with contextlib.ExitStack() as stack:
            for name, layer in layers:
                values = _orthonormal_kernels(layer, generator)
                call = functools.partial(call_fitted, name, layer, layer.call, values)
                stack.enter_context(_replaced(layer, "call", call))
            _run(model, batch)
    except Exception:
        for kernel, value in before:
            kernel.assign(value)
        if errors:  # without the page that Keras wraps around what a layer raises
            raise errors[0] from None
        raise
    return report


def _run(model, batch):
    batch = keras.tree.map_structure(keras.ops.convert_to_tensor, batch)
    model(batch, training=False)


def _array(tensor):
    return keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))


def _named_layers(layer, prefix=""):
    """Yields the layers within a model, and the model, each once with its name."""
    stack, names, seen = [("", layer)], set(), set()
    while stack:
        name, layer = stack.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        unique, number = name or layer.name, 1
        while unique in names:
            number += 1
            unique = f"{name}_{number}"
        names.add(unique)
        yield unique, layer
        if getattr(layer, "makes_kernel", False):
            continue  # what it wraps takes no kernel but the one it is given
        inner = layer._flatten_layers(include_self=False, recursive=False)
        stack += [(f"{name}/{part.name}".lstrip("/"), part) for part in reversed(inner)]


def _kernels(layer):
    # A wrapper shows the kernel of what it wraps; a recurrent kernel has no output of its own.
    if isinstance(layer, keras.layers.Wrapper) or hasattr(layer, "recurrent_kernel"):
        return []
    kernels = [getattr(layer, name, None) for name in KERNELS]
    return [kernel for kernel in kernels if isinstance(kernel, keras.Variable) and kernel.trainable]


def _orthonormal_kernels(layer, generator):
    kernels = _kernels(layer)
    channelwise = hasattr(layer, "depth_multiplier")  # (..., channels, multiplier)
    return [
        _orthonormal(kernel.shape, generator, channelwise and kernel is kernels[0])
        for kernel in kernels
    ]


def _orthonormal(shape, generator, channelwise):
    *taps, channels, units = shape
    stacks = channels if channelwise else 1
    rows = int(np.prod(taps)) * channels // stacks
    normal = generator.normal(size=(stacks, max(rows, units), min(rows, units)))
    q, r = np.linalg.qr(normal)
    q *= np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]  # else q is not uniform
    q = q if rows >= units else q.transpose(0, 2, 1)  # (stacks, rows, units)
    if channelwise:
        q = q.transpose(1, 0, 2)
    return q.reshape(shape)


@contextlib.contextmanager
def _replaced(layer, name, value):
    """Replaces an attribute of a layer for a while, unseen by what tracks the layer's state."""
    attributes = vars(layer)
    before = {name: attributes[name]} if name in attributes else {}
    attributes[name] = value
    try:
        yield
    finally:
        del attributes[name]
        attributes.update(before)


def _fit(name, layer, values, call, tolerance, max_iterations):
    kernels = _kernels(layer)
    for kernel, value in zip(kernels, values, strict=True):
        kernel.assign(value)
    scale = values[-1]
    for iterations in range(max_iterations + 1):
        variance = float(np.var(_array(call()), dtype="float64"))
        if abs(variance - 1) <= tolerance:
            return UnitVariance(variance, iterations)
        if not 0 < variance < np.inf:
            raise ValueError(
                f"The outputs of layer {name!r} must vary over the batch and be finite. "
                f"Received: a variance of {variance}"
            )
        scale = scale / np.sqrt(variance)
        kernels[-1].assign(scale)
    raise ValueError(
        f"The outputs of layer {name!r} must come within `tolerance` of variance 1 in "
        f"`max_iterations`. Received: a variance of {variance}, tolerance={tolerance}, "
        f"max_iterations={max_iterations}"
    )
