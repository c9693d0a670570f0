"""What a layer computes by itself: the multiply-adds of each kind, and what takes no memory.

A layer tells its own by a method `multiply_adds(input_shape, output_shape)`, and by an attribute
`works_in_place` that its outputs can take the place of its inputs. The library's layers do so; the
rules of Keras' layers stand here, by name. What the layers within a layer compute is theirs.
Shapes have the batch in front, of one image.
"""

import math

import keras

from kerasbook.layers.told import no_products, places, products_of_kernel, products_of_matrix

# The outputs of these take the place of their inputs, by the names of Keras' layers, ...
IN_PLACE = (
    *("Activation", "ActivityRegularization", "AlphaDropout", "Dropout", "ELU", "Flatten"),
    *("GaussianDropout", "GaussianNoise", "Identity", "LeakyReLU", "PReLU", "ReLU", "Reshape"),
    *("Softmax", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
)
# ... and of the classes of the operations of `keras.ops` that a functional model may hold.
IN_PLACE_OPERATIONS = {
    *("Cast", "Elu", "ExpandDims", "Gelu", "HardSigmoid", "HardSilu", "LeakyRelu"),
    *("LogSoftmax", "Relu", "Relu6", "Reshape", "Selu", "Sigmoid", "Silu", "Softmax"),
    *("Softplus", "Softsign", "Squeeze", "StopGradient", "Tanh"),
}


def is_in_place(layer):
    """Tells whether a layer's, or an operation's, outputs take the place of its inputs."""
    if not isinstance(layer, keras.layers.Layer):
        return type(layer).__name__ in IN_PLACE_OPERATIONS
    kinds = tuple(getattr(keras.layers, name) for name in IN_PLACE)
    return getattr(layer, "works_in_place", False) or isinstance(layer, kinds)


def own_multiply_adds(layer, weights, before, after):
    """Returns the multiply-adds of a call of a layer, or of an operation of a functional model.

    Args:
        layer: The layer, built.
        weights: The variables that belong to it, and not to a layer within.
        before: Shape of its inputs, a list of shapes if it has several.
        after: Shape of its outputs, a list of shapes if it has several.

    Raises:
        ValueError: If they are not known.
    """
    if hasattr(layer, "multiply_adds"):
        return layer.multiply_adds(before, after)
    if not isinstance(layer, keras.layers.Layer):
        return _operation(layer, before, after)
    for name, rule in RULES.items():
        if isinstance(layer, getattr(keras.layers, name)):
            return rule(layer, before, after)
    matrices = [variable.name for variable in weights if len(variable.shape) > 1]
    if matrices:
        raise _unknown(layer, f"nothing is known of what it does with its weights {matrices}")
    return 0


def _unknown(layer, reason):
    return ValueError(
        f"{reason}; a layer of the class {type(layer).__name__} can tell its multiply-adds by a "
        "method `multiply_adds`"
    )


def _operation(operation, before, after):
    name = type(operation).__name__
    if name == "Matmul":
        return math.prod(after) * before[0][-1]
    if name in UNKNOWN_OPERATIONS:
        raise ValueError(f"the multiply-adds of the operation {name} are not known")
    return 0


def _steps(layer, before, after):
    raise _unknown(layer, "it calls what is within it once for every step")


def _transposed(layer, before, after):
    return places(layer, before) * math.prod(layer.kernel.shape)


def _separable(layer, before, after):
    kernels = (layer.depthwise_kernel, layer.pointwise_kernel)
    return places(layer, after) * sum(math.prod(kernel.shape) for kernel in kernels)


def _einsum(layer, before, after):
    terms, result = layer.equation.split("->")
    letters = terms.split(",")[1].replace(".", "")
    summed = [
        size
        for letter, size in zip(letters, layer.kernel.shape, strict=True)
        if letter not in result
    ]
    return math.prod(after) * math.prod(summed)


def _dot(layer, before, after):
    axes = layer.axes if isinstance(layer.axes, (tuple, list)) else (layer.axes,)
    return math.prod(after) * before[0][axes[0]]


def _attention(layer, before, after):
    query, value = before[:2]
    return _products(before, query[-1] + value[-1])


def _attention_of_sums(layer, before, after):
    raise _unknown(layer, "its scores are no products of matrices")


def _heads(layer, before, after):
    return _products(before, layer.num_heads * (layer.key_dim + layer.value_dim))


def _shared_heads(layer, before, after):
    return _products(before, layer.num_query_heads * 2 * layer.head_dim)


def _products(before, features):
    """Returns the multiply-adds of the scores of each query and value, and of their means."""
    query, value = before[:2]
    return math.prod(query[:-1]) * math.prod(value[1:-1]) * features


UNKNOWN_OPERATIONS = {
    *("Conv", "ConvTranspose", "DepthwiseConv", "Dot", "DotProductAttention", "Einsum", "Inner"),
    *("SeparableConv", "Tensordot", "Vdot"),
}
# The rules of Keras' layers, by name.
RULES = {
    **dict.fromkeys(["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"], _transposed),
    **dict.fromkeys(
        ["Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D"], products_of_kernel
    ),
    **dict.fromkeys(["SeparableConv1D", "SeparableConv2D"], _separable),
    # Weights that multiply numbers one by one are no products of matrices, whatever their rank.
    **dict.fromkeys(
        [
            *("BatchNormalization", "Embedding", "GroupNormalization", "LayerNormalization"),
            *("Normalization", "PReLU", "RMSNormalization", "SpectralNormalization"),
        ],
        no_products,
    ),
    "AdditiveAttention": _attention_of_sums,
    "Attention": _attention,
    "Dense": products_of_matrix,
    "Dot": _dot,
    "EinsumDense": _einsum,
    "GroupQueryAttention": _shared_heads,
    "MultiHeadAttention": _heads,
    **dict.fromkeys(["RNN", "TimeDistributed"], _steps),
}
