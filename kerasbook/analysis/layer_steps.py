"""How layers move a receptive field: the steps of each, layer by layer.

Steps are a list of branches whose results meet, each a list of `(extent, strides, padding)`, one
after the other, or of layers; an extent of `None` sees all positions. A layer tells its own by a
method `receptive_field_steps`.
"""

import keras

from kerasbook import layers

POSITION_WISE = [[]]
ALL_POSITIONS = [[(None, 1, "valid")]]
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
        return layer.receptive_field_steps()
    if isinstance(layer, (keras.layers.SpectralNormalization, layers.WeightNormalization)):
        return [[layer.layer]]
    if not isinstance(layer, keras.layers.Layer):
        if type(layer).__name__ in POSITION_WISE_OPERATIONS:
            return POSITION_WISE
    else:
        for module, rules in ((layers, OWN_RULES), (keras.layers, RULES)):
            for name, rule in rules.items():
                if isinstance(layer, getattr(module, name)):
                    return rule(layer, rank, data_format)
    raise ValueError(
        f"its receptive field is not known; a layer of the class {type(layer).__name__} can tell "
        "by a method `receptive_field_steps`"
    )


def _position_wise(layer, rank, data_format):
    return POSITION_WISE


def _all_positions(layer, rank, data_format):
    return ALL_POSITIONS


def _convolution(layer, rank, data_format):
    extents = tuple(
        (size - 1) * rate + 1
        for size, rate in zip(layer.kernel_size, layer.dilation_rate, strict=True)
    )
    return [[(extents, layer.strides, layer.padding)]]


def _pooling(layer, rank, data_format):
    return [[(layer.pool_size, layer.strides, layer.padding)]]


def _zero_padding(layer, rank, data_format):
    return [[(1, 1, _pairs(layer.padding))]]


def _cropping(layer, rank, data_format):
    return [[(1, 1, tuple((-before, -after) for before, after in _pairs(layer.cropping)))]]


def _pairs(sides):
    return sides if isinstance(sides[0], (tuple, list)) else (sides,)


def _along_axis(layer, rank, data_format):
    axes = layer.axis if isinstance(layer.axis, (tuple, list)) else (layer.axis,)
    channels = rank - 1 if data_format == "channels_last" else 1
    return POSITION_WISE if {axis % rank for axis in axes} == {channels} else ALL_POSITIONS


def _concatenation(layer, rank, data_format):
    if _along_axis(layer, rank, data_format) is ALL_POSITIONS:
        raise ValueError(f"it joins along the axis {layer.axis}, not that of the channels")
    return POSITION_WISE


def _dense(layer, rank, data_format):
    if data_format != "channels_last":
        raise ValueError("it sums over the last axis, which is not that of the channels")
    return POSITION_WISE


def _mixture(layer, rank, data_format):
    return [[part] for part in (*layer.experts, layer.gate)]


def _sparse_mixture(layer, rank, data_format):
    """Of numbers; which experts a token goes to may depend on others that want the same ones."""
    whole_images = layer.kernel_size is not None  # by whose means they are sent
    return ALL_POSITIONS if whole_images else _dense(layer, rank, data_format)


# The library's layers that do not tell their steps themselves, and Keras', by name.
OWN_RULES = {
    **dict.fromkeys(
        [
            "BatchRenormalization",
            "DropBlock2D",
            "DropPath",
            "Heaviside",
            "LayerScale",
            "MonteCarloDropout",
            "SpatialSqueezeExcite",
            "Swish",
        ],
        _position_wise,
    ),
    **dict.fromkeys(
        [
            *("ConvolutionalBlockAttention", "EfficientChannelAttention"),
            *("FilterResponseNormalization", "GroupNormalization", "SpatialPyramidPooling2D"),
            "SqueezeExcite",
        ],
        _all_positions,
    ),
    **dict.fromkeys(
        ["LpPooling2D", "MaxPoolingWithArgmax2D", "StochasticPooling2D"],
        _pooling,
    ),
    **dict.fromkeys(["ChannelShuffle", "LocalResponseNormalization"], _along_axis),
    **dict.fromkeys(
        [
            *("BayesianDense", "DropConnectDense", "GaussianHead", "HierarchicalSoftmax"),
            *("Maxout", "MixtureDensity", "MixtureOfLinearExperts", "RadialBasis"),
        ],
        _dense,
    ),
    "MixtureOfExperts": _mixture,
    "HierarchicalMixtureOfExperts": lambda layer, rank, data_format: [[layer.root]],
    "SparseMixtureOfExperts": _sparse_mixture,
}
RULES = {
    **dict.fromkeys(
        [
            *("Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average"),
            *("BatchNormalization", "Dropout", "ELU", "GaussianDropout", "GaussianNoise"),
            *("Identity", "LeakyReLU", "Maximum", "Minimum", "Multiply", "Normalization"),
            *("PReLU", "ReLU", "Rescaling", "SpatialDropout1D", "SpatialDropout2D"),
            *("SpatialDropout3D", "Subtract"),
        ],
        _position_wise,
    ),
    **dict.fromkeys(
        [
            *("Flatten", "GlobalAveragePooling1D", "GlobalAveragePooling2D"),
            *("GlobalAveragePooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"),
            *("GlobalMaxPooling3D", "GroupNormalization"),
        ],
        _all_positions,
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
        _pooling,
    ),
    **dict.fromkeys(["ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"], _zero_padding),
    **dict.fromkeys(["Cropping1D", "Cropping2D", "Cropping3D"], _cropping),
    **dict.fromkeys(
        ["LayerNormalization", "RMSNormalization", "Softmax", "UnitNormalization"], _along_axis
    ),
    "Concatenate": _concatenation,
    "Dense": _dense,
}
