"""The rules of costs: each against the entries of the layer's matrix, and what is not known."""

import keras
import numpy as np
import pytest

from kerasbook import layers
from kerasbook.analysis import cost
from kerasbook.analysis.layer_costs import (
    IN_PLACE,
    IN_PLACE_OPERATIONS,
    RULES,
    UNKNOWN_OPERATIONS,
    is_in_place,
)

L = keras.layers
NO_BIAS = {"use_bias": False, "kernel_initializer": "random_normal"}
DEPTHWISE = {"use_bias": False, "depthwise_initializer": "random_normal"}


def test_rules_name_layers_and_operations_of_keras():
    assert all(issubclass(getattr(L, name), L.Layer) for name in (*RULES, *IN_PLACE))
    operations = {name.lower().replace("_", "") for name in dir(keras.ops)}
    named = {name.lower() for name in IN_PLACE_OPERATIONS | UNKNOWN_OPERATIONS}
    assert named <= operations


# Without bias, activation and padding the layer is a matrix with one entry for each multiply-add.
LINEAR = {
    "conv1d": (lambda: L.Conv1D(4, 3, strides=2, groups=2, **NO_BIAS), (9, 6)),
    "conv2d": (lambda: L.Conv2D(4, (3, 2), dilation_rate=(1, 2), **NO_BIAS), (6, 7, 3)),
    "conv3d": (lambda: L.Conv3D(2, 2, **NO_BIAS), (3, 4, 5, 2)),
    "own conv1d": (lambda: layers.Conv1D(4, 3, **NO_BIAS), (9, 6)),
    "own conv2d": (lambda: layers.Conv2D(4, 3, groups=2, strides=(1, 2), **NO_BIAS), (6, 7, 4)),
    "own conv3d": (lambda: layers.Conv3D(2, 2, strides=2, **NO_BIAS), (3, 4, 5, 2)),
    "channels first": (
        lambda: layers.Conv2D(5, 3, data_format="channels_first", **NO_BIAS),
        (3, 6, 7),
    ),
    "true": (lambda: layers.TrueConv2D(4, 2, **NO_BIAS), (4, 5, 2)),
    "shuffled": (lambda: layers.ShuffledGroupConv2D(4, 1, groups=2, **NO_BIAS), (4, 5, 4)),
    "depthwise1d": (lambda: L.DepthwiseConv1D(3, depth_multiplier=2, **DEPTHWISE), (9, 4)),
    "depthwise2d": (lambda: L.DepthwiseConv2D(3, depth_multiplier=2, **DEPTHWISE), (6, 7, 4)),
    "own depthwise": (lambda: layers.DepthwiseConv2D(3, strides=2, **DEPTHWISE), (6, 7, 4)),
    "transposed1d": (lambda: L.Conv1DTranspose(3, 3, strides=2, **NO_BIAS), (4, 2)),
    "transposed2d": (lambda: L.Conv2DTranspose(3, (3, 2), strides=2, **NO_BIAS), (4, 3, 2)),
    "transposed3d": (lambda: L.Conv3DTranspose(3, 2, **NO_BIAS), (3, 2, 2, 2)),
    "local1d": (lambda: layers.LocallyConnected1D(4, 3, strides=2, **NO_BIAS), (8, 2)),
    "local2d": (lambda: layers.LocallyConnected2D(4, (3, 2), **NO_BIAS), (5, 4, 2)),
    "local3d": (lambda: layers.LocallyConnected3D(2, 2, **NO_BIAS), (3, 4, 3, 2)),
    "tiled1d": (lambda: layers.TiledConv1D(4, 3, tile=2, **NO_BIAS), (9, 2)),
    "tiled2d": (lambda: layers.TiledConv2D(3, 2, tile=(2, 3), **NO_BIAS), (6, 5, 2)),
    "dense": (lambda: L.Dense(5, **NO_BIAS), (3,)),
    "dense of places": (lambda: L.Dense(5, **NO_BIAS), (2, 4, 3)),
    "drop connect": (lambda: layers.DropConnectDense(5, **NO_BIAS), (4, 3)),
    "drop connect conv": (lambda: layers.DropConnectConv2D(5, 3, **NO_BIAS), (4, 5, 3)),
    "einsum": (lambda: L.EinsumDense("abcd,cdef->abef", (None, 4, 5)), (3, 2, 6)),
    "einsum, any rank": (lambda: L.EinsumDense("...x,xy->...y", 4), (5,)),
    "weight normalization": (
        lambda: layers.WeightNormalization(layers.DepthwiseConv2D(3, **DEPTHWISE)),
        (6, 7, 4),
    ),
    "spectral normalization": (lambda: L.SpectralNormalization(L.Dense(4, **NO_BIAS)), (3,)),
}


@pytest.mark.parametrize("kind", LINEAR)
def test_a_multiply_add_is_an_entry_of_the_matrix(kind):
    make, shape = LINEAR[kind]
    model = keras.Sequential([keras.Input(shape), make()])
    size = int(np.prod(shape))
    matrix = model(np.eye(size, dtype="float32").reshape(size, *shape))
    assert cost(model).multiply_adds == np.count_nonzero(keras.ops.convert_to_numpy(matrix))


def test_layers_of_two_products():
    image = keras.Input((6, 7, 3))
    apart = L.Conv2D(5, 1)(L.DepthwiseConv2D(3, strides=2, depth_multiplier=2)(image))
    together = L.SeparableConv2D(5, 3, strides=2, depth_multiplier=2)(image)
    assert multiply_adds(image, together) == multiply_adds(image, apart) == 6 * (9 * 6 + 6 * 5)
    sequence = keras.Input((6, 3))
    assert multiply_adds(sequence, L.SeparableConv1D(5, 3)(sequence)) == 4 * (9 + 15)
    assert multiply_adds(sequence, layers.Maxout(4, 3)(sequence)) == 6 * 3 * 12
    # Two 2 x 3 convolutions, and a projection of 1 x 1.
    block = layers.FixupResidualBlock(5, num_blocks=2, kernel_size=(2, 3), strides=2)
    assert multiply_adds(image, block(image)) == 3 * 4 * (6 * 15 + 6 * 25 + 15)


def multiply_adds(inputs, outputs):
    return cost(keras.Model(inputs, outputs)).multiply_adds


def test_products_of_two_inputs():
    query, value = keras.Input((4, 6)), keras.Input((5, 6))
    # JAX has no attention whose values are of another size than its keys.
    size = 3 if keras.backend.backend() == "jax" else 7
    attention = L.MultiHeadAttention(num_heads=2, key_dim=3, value_dim=size)
    projections = 4 * 6 * 2 * 3 + 5 * 6 * 2 * 3 + 5 * 6 * 2 * size + 4 * 2 * size * 6
    products = 2 * 4 * 5 * (3 + size)
    assert multiply_adds([query, value], attention(query, value)) == projections + products
    shared = L.GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2)
    projections = 4 * 6 * 4 * 3 + 2 * 5 * 6 * 2 * 3 + 4 * 4 * 3 * 6
    assert multiply_adds([query, value], shared(query, value)) == projections + 4 * 4 * 5 * 6
    assert multiply_adds([query, value], L.Attention()([query, value])) == 4 * 5 * 12
    assert multiply_adds([query, value], L.Dot(2)([query, value])) == 4 * 5 * 6
    product = keras.ops.matmul(query, keras.ops.transpose(value, (0, 2, 1)))
    assert multiply_adds([query, value], product) == 4 * 5 * 6


@pytest.mark.parametrize(
    "make",
    [
        lambda: L.LayerNormalization(axis=[1, 2]),
        lambda: L.PReLU(),
        lambda: L.BatchNormalization(),
        lambda: L.AveragePooling1D(2),
        lambda: L.UpSampling1D(2),
        lambda: layers.Swish(axis=-1),
    ],
)
def test_what_is_not_counted(make):
    assert cost(keras.Sequential([keras.Input((4, 6)), make()])).multiply_adds == 0


def test_a_look_up_is_no_product():
    assert cost(keras.Sequential([keras.Input((4,)), L.Embedding(9, 3)])).multiply_adds == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x: L.Bidirectional(L.LSTM(2), name="both")(x), "'both/forward_lstm.*every step"),
        (lambda x: L.TimeDistributed(L.Dense(2), name="each")(x), "'each': .*every step"),
        (lambda x: L.AdditiveAttention(name="sums")([x, x]), "'sums': its scores are no products"),
        (lambda x: keras.ops.einsum("abc,abc->ab", x, x), "of the operation Einsum are not known"),
    ],
)
def test_what_is_not_known(make, message):
    x = keras.Input((4, 6))
    with pytest.raises(ValueError, match=f"No cost of layer .*{message}"):
        cost(keras.Model(x, make(x)))


@pytest.mark.parametrize(
    "layer",
    [
        *(L.ReLU(), L.PReLU(), L.Activation("tanh"), L.SpatialDropout2D(0.5), L.Flatten()),
        *(layers.DropPath(0.5), layers.Swish(), layers.Heaviside()),
    ],
)
def test_in_place(layer):
    assert is_in_place(layer)
    x = keras.Input((3, 4, 2))
    assert cost(keras.Model(x, layer(L.Conv2D(3, 1)(x)))).activations == 24 + 36


def test_not_in_place():
    x = keras.Input((3, 4, 2))
    assert cost(keras.Model(x, x + 1)).activations == 48
    assert cost(keras.Model(x, keras.ops.relu(x + 1))).activations == 48
    assert cost(keras.Model(x, L.Rescaling(2.0)(x))).activations == 48


def test_a_layer_tells_that_it_works_in_place():
    class InPlace(keras.layers.Layer):
        works_in_place = True

    assert is_in_place(InPlace())
    assert not is_in_place(keras.layers.Layer())
