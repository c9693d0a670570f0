"""replace_activations: every form of an activation, what stays, and wrong arguments."""

import keras
import numpy as np
import pytest
from helpers.changed_models import changed, numpy, randomize

from kerasbook import applications, layers
from kerasbook.surgery import replace_activations

L = keras.layers


@keras.saving.register_keras_serializable(package="kerasbook_tests")
def cube(x):
    return x**3


def of_functions(activation, pointwise, end="softmax"):
    """A model in which the same function stands in every place that it can stand in."""
    image = keras.Input((8, 9, 3), name="image")
    x = pointwise("first")(layers.Conv2D(4, 3, name="conv", activation=activation)(image))
    x = L.SpectralNormalization(L.Conv2D(4, 1, activation=activation), name="wrapped")(x)
    x = layers.ResidualBlock(4, activation=activation, squeeze_excite=2, name="block")(x)
    x = x + 1
    inner = keras.Sequential([keras.Input((6, 7, 4)), L.Dense(4, activation), pointwise("inside")])
    x = L.GlobalAveragePooling2D()(inner(x))
    return keras.Model(image, L.Dense(3, end, name="end")(x))


def relu(name):
    return L.ReLU(name=name)


@pytest.mark.parametrize("replaces", [None, "relu", ["tanh", "relu"]])
def test_equals_a_model_made_with_the_other(replaces, rng, tmp_path):
    old = randomize(of_functions("relu", relu), rng)
    made = of_functions("tanh", lambda name: L.Activation("tanh", name=name))
    made.set_weights(old.get_weights())
    new = changed(old, lambda m: replace_activations(m, "tanh", replaces=replaces), tmp_path)
    x = rng.normal(size=(2, 8, 9, 3))
    np.testing.assert_allclose(numpy(new(x)), numpy(made(x)), rtol=1e-6)
    assert np.abs(numpy(new(x)) - numpy(old(x))).max() > 1e-3


def test_function_of_ones_own(rng, tmp_path):
    old = randomize(of_functions("relu", relu), rng)
    new = changed(old, lambda model: replace_activations(model, cube), tmp_path)
    assert new.get_layer("conv").activation is cube


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: L.Activation("elu"), "elu"),
        (lambda: L.ELU(), "elu"),
        (lambda: L.LeakyReLU(), "leaky_relu"),
        (lambda: L.ReLU(negative_slope=0.1), "leaky_relu"),
        (lambda: L.ReLU(), "relu"),
        (lambda: L.ReLU(6.0), "relu6"),
        (lambda: L.PReLU(), "prelu"),
        (lambda: layers.Swish(), "swish"),
        (lambda: layers.Heaviside(), "heaviside"),
        (lambda: L.Activation(cube), "cube"),
        (lambda: keras.ops.relu6, "relu6"),
        (lambda: keras.ops.sigmoid, "sigmoid"),
        (lambda: L.Softmax(), "softmax"),
    ],
)
def test_kinds(make, kind, rng):
    image = keras.Input((4, 3))
    old = randomize(keras.Model(image, L.Dense(2)(make()(image))), rng)
    gate = kind in ("sigmoid", "softmax")
    names = [None, "swish" if kind == "selu" else "selu"]
    if kind != "cube":
        names.append(kind)
    for replaces in names:
        new = replace_activations(old, "gelu", replaces=replaces)
        replaced = replaces == kind or (replaces is None and not gate)
        x = rng.normal(size=(2, 4, 3))
        expected = old.layers[-1](keras.ops.gelu(x, approximate=False)) if replaced else old(x)
        np.testing.assert_allclose(numpy(new(x)), numpy(expected), rtol=1e-5, atol=1e-6)


def test_what_stays(rng):
    sequence = keras.Input((4, 3), name="sequence")
    gated = layers.SqueezeExcite(1, activation="relu", name="gated")(sequence)
    both = L.Bidirectional(L.GRU(2, return_sequences=True), name="both")(gated)
    ends = [
        keras.Sequential([keras.Input((4, 4)), L.Dense(2, "sigmoid", name="end")], name="inner"),
        L.Dense(2, "relu", name="rectified"),
        L.Activation("tanh", name="bounded"),
    ]
    old = keras.Model(sequence, [end(both) for end in ends])
    new = replace_activations(old, "silu", replaces=["relu", "tanh", "sigmoid"])
    assert new.get_layer("gated").activation.__name__ == "silu"
    assert new.get_layer("gated").gate_activation.__name__ == "sigmoid"
    assert new.get_layer("both").forward_layer.activation.__name__ == "tanh"
    assert new.get_layer("inner").get_layer("end").activation.__name__ == "sigmoid"
    assert new.get_layer("rectified").activation.__name__ == "silu"
    assert new.get_layer("bounded").activation.__name__ == "tanh"


def test_learned_activations_of_blocks(rng):
    image = keras.Input((6, 7, 4))
    block = layers.VGGBlock(4, 2, activation=layers.Swish(0.7), name="block")
    old = randomize(keras.Model(image, block(image)), rng)
    kept = replace_activations(old, "tanh", replaces="relu")
    for mine, its in zip(old.weights, kept.weights, strict=True):
        np.testing.assert_array_equal(numpy(mine), numpy(its))
    new = replace_activations(old, "tanh")
    made = keras.Model(image, layers.VGGBlock(4, 2, activation="tanh")(image))
    made.set_weights([numpy(w) for w in old.weights if w.name != "beta"])
    x = rng.normal(size=(2, 6, 7, 4))
    np.testing.assert_allclose(numpy(new(x)), numpy(made(x)), rtol=1e-6)


def test_dtype_is_kept():
    image = keras.Input((6, 7, 4))
    x = L.ReLU(dtype="mixed_bfloat16")(L.Conv2D(3, 1, dtype="mixed_bfloat16")(image))
    old = keras.Model(image, L.Dense(2, dtype="mixed_bfloat16")(keras.ops.relu(x)))
    new = replace_activations(old, "gelu")
    assert [layer.output.dtype for layer in new.layers[1:]] == ["bfloat16"] * 4


def test_models(rng, tmp_path):
    resnet = applications.create_model("resnet_test")
    mobilenet = keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=5)
    for old, count in ((resnet, 9), (mobilenet, 35)):
        new = changed(old, lambda model: replace_activations(model, "silu"), tmp_path)
        kinds = [getattr(layer, "activation", None) for layer in new.layers]
        assert kinds.count(keras.activations.silu) == count
        for mine, its in zip(old.weights, new.weights, strict=True):
            np.testing.assert_array_equal(numpy(mine), numpy(its))


@pytest.mark.parametrize("value", ["reluu", None, 3, L.PReLU(), lambda x: x])
def test_wrong_activation(value):
    with pytest.raises(ValueError, match="`activation` must be the name of an activation or"):
        replace_activations(applications.LeNet5(), value)


@pytest.mark.parametrize("value", ["reluu", 3, ["relu", "reluu"], [3]])
def test_wrong_kinds(value):
    with pytest.raises(ValueError, match="`replaces` must be None, the name of an activation or"):
        replace_activations(applications.LeNet5(), "relu", replaces=value)


def test_wrong_model():
    with pytest.raises(ValueError, match="`model` must be a built functional or `Sequential`"):
        replace_activations(L.Dense(3), "relu")


def test_what_is_no_model_is_named():
    with pytest.raises(ValueError, match="`model` must be a built functional.*None"):
        replace_activations(None, "silu")
