"""The cost of models: the book's numbers, graphs counted apart, every layer of the library."""

import math

import keras
import numpy as np
import pytest
from catalog import CATALOG

from kerasbook import applications, layers
from kerasbook.analysis import Cost, LayerCost, cost, flops, weightless
from kerasbook.testing.case import symbols


def built_without_memory(make, **arguments):
    return weightless(lambda: make(weights=None, **arguments))


def test_vgg16_of_the_book():
    model = built_without_memory(keras.applications.VGG16)
    result = cost(model)
    assert (result.parameters, result.activations) == (138_357_544, 15_237_608)
    assert result.weight_memory == 4 * 138_357_544
    assert result.activation_memory == 4 * 15_237_608
    rows = {row.name: row for row in result.layers}
    assert result.layers[0].activations == 150_528
    assert rows["block1_conv1"].activations == 3_211_264
    assert rows["block5_pool"].activations == 25_088
    assert rows["flatten"].activations == 0
    assert rows["fc1"].parameters == 102_764_544
    assert model.get_layer("fc1").kernel._value is None  # nothing was allocated


def test_alexnet_conv1_of_the_book():
    image = keras.Input((227, 227, 3))
    model = keras.Model(image, layers.Conv2D(96, 11, strides=4, name="conv1")(image))
    row = LayerCost("conv1", (55, 55, 96), 34_944, 55 * 55 * 96 * 363, 290_400)
    assert cost(model).layers[1] == row


def test_lenet5_by_hand():
    result = cost(applications.LeNet5())
    products = [28 * 28 * 6 * 25, 10 * 10 * 16 * 25 * 6, 400 * 120, 120 * 84, 84 * 10]
    assert [row.multiply_adds for row in result.layers if row.multiply_adds] == products
    held = [28 * 28, 28 * 28 * 6, 14 * 14 * 6, 10 * 10 * 16, 5 * 5 * 16, 120, 84, 10]
    assert [row.activations for row in result.layers if row.activations] == held
    assert result.multiply_adds == sum(products)
    assert result.activations == sum(held)
    assert flops(applications.LeNet5()) == 2 * sum(products)


def count_of_graph(model, shapes):
    """Counts the multiply-adds in the graph that TensorFlow makes of a model."""
    import tensorflow as tf

    @tf.function(autograph=False)
    def run(*images):
        return model(list(images) if len(images) > 1 else images[0], training=False)

    with keras.StatelessScope(initialize_variables=False):
        images = [tf.TensorSpec((1, *shape)) for shape in shapes]
        graph = run.get_concrete_function(*images).graph
    count = 0
    for operation in graph.get_operations():
        if operation.type not in ("Conv2D", "Conv3D", "DepthwiseConv2dNative", "MatMul"):
            continue
        outputs = math.prod(operation.outputs[0].shape)
        first, second = (tuple(x.shape) for x in operation.inputs)
        if operation.type == "MatMul":
            count += outputs * first[0 if operation.get_attr("transpose_a") else 1]
        elif operation.type == "DepthwiseConv2dNative":
            count += outputs * math.prod(second[:2])
        else:
            count += outputs * math.prod(second[:-1])
    return count


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "name",
    [
        *("ResNet50", "MobileNetV2"),
        *(
            pytest.param(name, marks=pytest.mark.slow("one network more, of the same operations"))
            for name in ("MobileNetV3Small", "Xception")
        ),
    ],
)
def test_as_the_graph_of_tensorflow(name):
    shape = (96, 96, 3)
    make = getattr(keras.applications, name)
    model = built_without_memory(make, input_shape=shape)
    result = cost(model)
    assert result.multiply_adds == count_of_graph(model, [shape])
    assert result.parameters == model.count_params()
    assert sum(row.parameters for row in result.layers) == result.parameters


# Those compute in another way on TensorFlow; tests/analysis/test_layer_costs.py has them.
OTHER_GRAPHS = {
    *("LocallyConnected1D", "LocallyConnected2D", "LocallyConnected3D"),
    *("TiledConv1D", "TiledConv2D"),
    "SparseMixtureOfExperts",  # whose slots are counted when the graph runs, see below
}


@pytest.mark.parametrize("case", CATALOG, ids=lambda case: case.name)
def test_every_layer_of_the_library(case):
    inputs = symbols(case.inputs())
    model = keras.Model(inputs, case.layer()(inputs))
    called = [vars(layer).get("call") for layer in model._flatten_layers()]
    result = cost(model)
    assert called == [vars(layer).get("call") for layer in model._flatten_layers()]
    assert result.parameters == model.count_params()
    for column in ("parameters", "multiply_adds", "activations"):
        assert getattr(result, column) == sum(getattr(row, column) for row in result.layers)
    others = ("projection", "centroids")  # that are multiplied by, too
    kernels = [w for w in model.trainable_weights if "kernel" in w.name or w.name in others]
    assert (result.multiply_adds > 0) == bool(kernels)
    if keras.backend.backend() == "tensorflow" and case.name not in OTHER_GRAPHS:
        shapes = [tuple(x.shape[1:]) for x in keras.tree.flatten(inputs)]
        if result.multiply_adds:
            assert result.multiply_adds == count_of_graph(model, shapes)


@pytest.mark.parametrize(("router", "matrices"), [("switch", 1), ("noisy_top_k", 2)])
def test_slots_of_sparse_experts(router, matrices):
    options = {"top_k": 2, "capacity_factor": 1.0, "router": router, "output_units": 3}
    tokens = keras.Input((5, 6))
    mixture = layers.SparseMixtureOfExperts(4, 8, **options)
    slots = 3  # of each expert: 2 * 5 / 4, rounded up
    expected = matrices * 5 * 6 * 4 + 4 * slots * (6 * 8 + 8 * 3)
    assert cost(keras.Model(tokens, mixture(tokens))).multiply_adds == expected
    images = keras.Input((4, 5, 6))
    mixture = layers.SparseMixtureOfExperts(4, 8, kernel_size=3, **options)
    expected = matrices * 6 * 4 + 4 * 1 * 4 * 5 * (3 * 3 * 6 * 8 + 8 * 3)
    assert cost(keras.Model(images, mixture(images))).multiply_adds == expected


def test_rows_of_layers_within_layers():
    image = keras.Input((6, 5, 3), name="image")
    block = layers.VGGBlock(4, 1, name="block", normalization="batch", activation="relu")
    x = keras.Sequential([keras.Input((6, 5, 3)), block], name="inner")(image)
    rows = cost(keras.Model(image, x)).layers
    assert [row.name.split("/")[0] for row in rows] == ["image", "inner", "inner", "inner"]
    assert [row.output_shape for row in rows] == [(6, 5, 3), (6, 5, 4), (6, 5, 4), (3, 2, 4)]
    # The activation works in place, so that nothing is held between it and the normalization.
    assert [row.activations for row in rows] == [90, 120, 120, 24]


def test_a_layer_called_twice_counts_twice():
    image = keras.Input((6, 5, 3))
    conv = layers.Conv2D(3, 1, name="conv")
    result = cost(keras.Model(image, conv(conv(image))))
    assert result.parameters == 12
    assert result.multiply_adds == 2 * 30 * 9
    assert [row.parameters for row in result.layers] == [0, 12, 0]


def test_trainable_parameters_and_memory():
    model = keras.Sequential([keras.Input((6, 5, 3)), layers.Conv2D(4, 1, dtype="mixed_bfloat16")])
    model.add(layers.BatchNormalization(dtype="mixed_bfloat16"))
    result = cost(model)
    assert (result.parameters, result.trainable_parameters) == (16 + 16, 16 + 8)
    assert result.weight_memory == 4 * 32  # variables are float32
    assert result.activation_memory == 4 * 90 + 2 * 240


def test_input_shape():
    images = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same")(images)
    x = keras.layers.BatchNormalization()(x)
    model = keras.Model(images, keras.layers.DepthwiseConv2D(3, padding="same")(x))
    with pytest.raises(ValueError, match="`input_shape` must have a positive integer for each"):
        cost(model)
    small = cost(model, input_shape=(64, 32, 3))
    large = cost(model, input_shape=(128, 32, 3))
    assert large.multiply_adds == 2 * small.multiply_adds
    for shape in ((64, 32, 4), (64, None, 3), (64, 32), (64, 0, 3), [(64, 32, 3), (64, 32, 3)]):
        with pytest.raises(ValueError, match="`input_shape` must .*agree with the inputs"):
            cost(model, input_shape=shape)


def test_several_inputs():
    first, second = keras.Input((None, 3), name="first"), keras.Input((4,), name="second")
    dense = keras.layers.Dense(2)(second)
    outputs = {"y": keras.layers.Dense(5)(first), "z": dense}
    model = keras.Model({"first": first, "second": second}, outputs)
    result = cost(model, input_shape={"first": (7, 3), "second": (4,)})
    assert result.multiply_adds == 7 * 15 + 8
    assert [row.name for row in result.layers[:2]] == ["first", "second"]


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class Product(keras.layers.Layer):
    """A layer with a matrix, of which nothing is known."""

    def build(self, input_shape):
        self.matrix = self.add_weight(shape=(input_shape[-1], 4), name="matrix")

    def call(self, inputs):
        return inputs @ self.matrix


class Telling(Product):
    """The same, which tells."""

    def multiply_adds(self, input_shape, output_shape):
        return input_shape[0] * math.prod(self.matrix.shape)


def test_a_layer_of_ones_own():
    model = keras.Sequential([keras.Input((3,)), Product(name="mine")])
    with pytest.raises(ValueError, match=r"layer 'mine': .* weights \['matrix'\]; a layer of the"):
        cost(model)
    assert "call" not in vars(model.layers[0])  # put back in spite of the error
    assert cost(keras.Sequential([keras.Input((3,)), Telling()])).multiply_adds == 12


class Subclass(keras.Model):
    """A model that knows no inputs."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(4)

    def call(self, inputs):
        return self.dense(inputs) + 1


def test_a_model_that_is_no_graph():
    model = Subclass()
    with pytest.raises(ValueError, match="`model` must be a built"):
        cost(model, input_shape=(3,))
    expected = keras.ops.convert_to_numpy(model(np.ones((2, 3), "float32")))
    with pytest.raises(ValueError, match="`input_shape` must be given"):
        cost(model)
    result = cost(model, input_shape=(3,))
    assert isinstance(result, Cost)
    assert (result.multiply_adds, result.activations) == (12, 3 + 4 + 4)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model(np.ones((2, 3)))), expected)


@pytest.mark.parametrize("model", [None, keras.layers.Dense(3), "resnet18"])
def test_no_model(model):
    with pytest.raises(ValueError, match="`model` must be a built `keras.Model`"):
        cost(model)
