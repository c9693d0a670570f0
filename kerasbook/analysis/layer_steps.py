"""How layers move a receptive field: the steps of each, layer by layer.

Steps are a list of branches whose results meet, each a list of `(extent, strides, padding)`, one
after the other, or of layers; an extent of `None` sees all positions. A layer tells its own by a
method `receptive_field_steps()`, which may take the rank of its inputs and their data format. The
library's layers do so; the rules of Keras' layers stand here, by name.
"""

import functools
import inspect

import keras

from kerasbook.layers.told import all_positions, along_axis, along_last_axis, of_pool, position_wise

# Operations of `keras.ops` that a functional model may hold, by the names of their classes.
POSITION_WISE_OPERATIONS = {
    *("Absolute", "Add", "Cast", "Clip", "Divide", "Elu"),
    *("Exp", "Gelu", "HardSigmoid", "HardSilu", "Identity", "LeakyRelu"),
    *("Log", "Maximum", "Minimum", "Multiply", "Negative", "Power"),
    *("Relu", "Relu6", "Selu", "Sigmoid", "Silu", "Softplus"),
    *("Softsign", "Sqrt", "Square", "Subtract", "Tanh", "TrueDivide"),
}


def layer_steps(layer, rank, data_format):
    """Returns the steps of a layer, or of an operation of a functional model.

    Args:
        layer: The layer, built.
        rank: Rank of its inputs.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: If they are not known.
    """
    if hasattr(layer, "receptive_field_steps"):
        return _asked(layer.receptive_field_steps, rank, data_format)
    if isinstance(layer, keras.layers.SpectralNormalization):
        return [[layer.layer]]
    if not isinstance(layer, keras.layers.Layer):
        if type(layer).__name__ in POSITION_WISE_OPERATIONS:
            return position_wise(layer)
    else:
        for name, rule in RULES.items():
            if isinstance(layer, getattr(keras.layers, name)):
                return _asked(functools.partial(rule, layer), rank, data_format)
    raise ValueError(
        f"its receptive field is not known; a layer of the class {type(layer).__name__} can tell "
        "by a method `receptive_field_steps`"
    )


def _asked(steps, rank, data_format):
    """Returns what a function of the steps says, and tells it rank and format if it takes them."""
    if {"rank", "data_format"} <= inspect.signature(steps).parameters.keys():
        return steps(rank=rank, data_format=data_format)
    return steps()


def _convolution(layer):
    extents = tuple(
        (size - 1) * rate + 1
        for size, rate in zip(layer.kernel_size, layer.dilation_rate, strict=True)
    )
    return [[(extents, layer.strides, layer.padding)]]


def _zero_padding(layer):
    return [[(1, 1, _pairs(layer.padding))]]


def _cropping(layer):
    return [[(1, 1, tuple((-before, -after) for before, after in _pairs(layer.cropping)))]]


def _pairs(sides):
    return sides if isinstance(sides[0], (tuple, list)) else (sides,)


def _concatenation(layer, rank, data_format):
    if along_axis(layer, rank, data_format) != position_wise(layer):
        raise ValueError(f"it joins along the axis {layer.axis}, not that of the channels")
    return position_wise(layer)


# The rules of Keras' layers, by name.
RULES = {
    **dict.fromkeys(
        [
            *("Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average"),
            *("BatchNormalization", "Dropout", "ELU", "GaussianDropout", "GaussianNoise"),
            *("Identity", "LeakyReLU", "Maximum", "Minimum", "Multiply", "Normalization"),
            *("PReLU", "ReLU", "Rescaling", "SpatialDropout1D", "SpatialDropout2D"),
            *("SpatialDropout3D", "Subtract"),
        ],
        position_wise,
    ),
    **dict.fromkeys(
        [
            *("Flatten", "GlobalAveragePooling1D", "GlobalAveragePooling2D"),
            *("GlobalAveragePooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"),
            *("GlobalMaxPooling3D", "GroupNormalization"),
        ],
        all_positions,
    ),
    **dict.fromkeys(
        [
            *("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
            *("Conv1D", "Conv2D", "Conv3D"),
        ],
        _convolution,
    ),
    **dict.fromkeys(
        [
            *("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"),
            *("MaxPooling1D", "MaxPooling2D", "MaxPooling3D"),
        ],
        of_pool,
    ),
    **dict.fromkeys(["ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"], _zero_padding),
    **dict.fromkeys(["Cropping1D", "Cropping2D", "Cropping3D"], _cropping),
    **dict.fromkeys(
        ["LayerNormalization", "RMSNormalization", "Softmax", "UnitNormalization"], along_axis
    ),
    "Concatenate": _concatenation,
    "Dense": along_last_axis,
}
