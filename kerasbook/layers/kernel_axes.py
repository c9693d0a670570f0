"""Where the outputs of a layer stand: in its kernel, and in what it returns."""

import keras

from kerasbook.layers.convolution.locally_connected import LocallyConnected
from kerasbook.layers.convolution.tiled_convolution import TiledConvolution


def kernel_of(layer):
    """Returns the one variable of a built layer that is called `kernel`.

    Raises:
        ValueError: If there is none, or more than one.
    """
    kernels = [variable for variable in layer.variables if variable.name == "kernel"]
    if len(kernels) != 1:
        raise ValueError(
            "`layer` must have one variable named 'kernel'. "
            f"Received: layer={layer.name!r} of class {type(layer).__name__}, whose variables "
            f"are {[v.path for v in layer.variables]}"
        )
    return kernels[0]


def output_axes(layer):
    """Returns the axes of a dense or convolution layer's kernel that number its outputs.

    Those are the last one, but of a transposed convolution, whose kernel is `(..., outputs,
    inputs)`, the last but one, and of a depthwise one, `(..., inputs, depth_multiplier)`, both.
    """
    if hasattr(layer, "depth_multiplier") and not hasattr(layer, "pointwise_kernel"):
        return (-2, -1)
    # By name, so that the transposed convolutions of plug-ins count as well.
    if any(base.__name__.endswith("Transpose") for base in type(layer).__mro__):
        return (-2,)
    if isinstance(layer, (LocallyConnected, TiledConvolution)):
        raise ValueError(
            "The kernel of a layer with weights for each place has no one axis of outputs. "
            f"Received: layer={layer.name!r} of class {type(layer).__name__}"
        )
    if isinstance(layer, keras.layers.EinsumDense):
        raise ValueError(
            "The kernel of an `EinsumDense` layer has no axis of outputs in general. "
            f"Received: layer={layer.name!r}"
        )
    return (-1,)


def channel_axis(layer):
    """Returns the axis of a layer's outputs that holds its channels, by its `data_format`."""
    return 1 if getattr(layer, "data_format", None) == "channels_first" else -1
