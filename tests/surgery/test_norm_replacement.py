"""replace_norms: every kind by every kind, what is kept, blocks, and what cannot be."""

import keras
import numpy as np
import pytest
from helpers.changed_models import changed, numpy, randomize, same_kernels

from kerasbook import applications, layers
from kerasbook.surgery import replace_norms

L = keras.layers
KINDS = {
    "batch": layers.BatchNormalization,
    "group": layers.GroupNormalization,
    "instance": layers.InstanceNormalization,
    "layer": layers.GroupNormalization,
    None: L.Identity,
}


def small(rng, norm=L.BatchNormalization, **arguments):
    image = keras.Input((8, 9, 3), name="image")
    x = norm(name="norm", **arguments)(L.Conv2D(6, 3, name="conv")(image))
    inner = keras.Sequential([keras.Input((6, 7, 6)), L.Conv2D(4, 1), norm(**arguments)])
    x = inner(L.ReLU()(x))
    return randomize(keras.Model(image, L.Dense(3)(L.GlobalAveragePooling2D()(x))), rng)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "norm",
    [
        *(L.BatchNormalization, L.LayerNormalization, layers.BatchRenormalization),
        *(layers.FilterResponseNormalization, layers.InstanceNormalization),
        lambda **arguments: layers.GroupNormalization(2, **arguments),
        lambda **arguments: L.RMSNormalization(**arguments),
    ],
)
def test_kinds(norm, kind, rng, tmp_path):
    old = small(rng, norm)
    new = changed(old, lambda model: replace_norms(model, kind), tmp_path)
    assert same_kernels(old, new)
    outer, inner = new.get_layer("norm"), new.layers[-3].layers[-1]
    assert type(outer) is type(inner) is KINDS[kind]
    before = old.get_layer("norm")
    for name in ("gamma", "beta"):
        if kind is not None and hasattr(before, name):
            np.testing.assert_array_equal(numpy(getattr(outer, name)), getattr(before, name))
    if kind in ("group", "layer"):
        assert (outer.groups, inner.groups) == ((2, 4) if kind == "group" else (1, 1))


@pytest.mark.parametrize("norm", [L.BatchNormalization, layers.BatchRenormalization])
def test_batch_by_batch_keeps_the_function(norm, rng):
    old = small(rng, norm, epsilon=0.02)
    x = rng.normal(size=(2, 8, 9, 3))
    expected = numpy(old(x))
    result = numpy(replace_norms(old, "batch")(x))
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_a_group_of_all_is_the_same_under_another_name(rng):
    old = small(rng, lambda **arguments: layers.GroupNormalization(-1, **arguments))
    x = rng.normal(size=(2, 8, 9, 3))
    new = replace_norms(old, "instance")
    np.testing.assert_allclose(numpy(new(x)), numpy(old(x)), rtol=1e-5)
    assert np.abs(numpy(replace_norms(old, "layer")(x)) - numpy(old(x))).max() > 0.01


def test_arguments_are_taken_over(rng):
    old = small(rng, epsilon=0.02, scale=False, dtype="mixed_bfloat16", trainable=False)
    norm = replace_norms(old, "group").get_layer("norm")
    assert (norm.epsilon, norm.scale, norm.center) == (0.02, False, True)
    assert (norm.dtype_policy.name, norm.trainable) == ("mixed_bfloat16", False)
    image = keras.Input((3, 8, 9))
    x = L.BatchNormalization(axis=1)(image)
    assert replace_norms(keras.Model(image, x), "group").layers[-1].axis == 1


def test_a_layer_is_copied(rng, tmp_path):
    old = small(rng)
    norm = layers.GroupNormalization(2, epsilon=0.5, name="mine")
    new = changed(old, lambda model: replace_norms(model, norm), tmp_path)
    assert (new.get_layer("norm").groups, new.get_layer("norm").epsilon) == (2, 0.5)
    assert not norm.built


@pytest.mark.parametrize("kind", [*KINDS, layers.GroupNormalization(2)])
def test_blocks(kind, rng, tmp_path):
    image = keras.Input((8, 9, 4))
    x = layers.ResidualBlock(4, strides=2, preactivation=True, name="block")(image)
    x = layers.ShuffleUnit(8, normalization=None, name="bare")(x)
    old = randomize(keras.Model(image, x), rng)
    new = changed(old, lambda model: replace_norms(model, kind), tmp_path)
    assert same_kernels(old, new)
    names = {type(layer).__name__ for layer in new._flatten_layers()}
    expected = {"batch": "BatchNormalization"}.get(kind, "GroupNormalization")
    expected = "InstanceNormalization" if kind == "instance" else expected
    found = {name for name in names if name.endswith("Normalization")}
    assert found == (set() if kind is None else {expected})
    gammas = [[numpy(w) for w in m.weights if w.name == "gamma"] for m in (old, new)]
    assert kind is None or all(map(np.array_equal, *gammas))
    if kind is None:
        assert any(w.name == "bias" for w in new.get_layer("block").weights)


def test_models(rng, tmp_path):
    resnet = applications.create_model("resnet_test")
    mobilenet = keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=5)
    for old in (resnet, mobilenet):
        new = changed(old, lambda model: replace_norms(model, "group"), tmp_path)
        assert same_kernels(old, new)
        assert not any(isinstance(x, L.BatchNormalization) for x in new._flatten_layers())


def test_a_model_without_is_copied(rng, tmp_path):
    old = applications.LeNet5()
    new = changed(old, lambda model: replace_norms(model, "group"), tmp_path)
    assert new.get_config() == old.get_config()


@pytest.mark.parametrize("value", ["batchnorm", 3, keras.Sequential(), L.BatchNormalization])
def test_wrong_argument(value, rng):
    with pytest.raises(ValueError, match="`normalization` must be None, one of .*Received: norm"):
        replace_norms(small(rng), value)


def test_wrong_model():
    with pytest.raises(ValueError, match="`model` must be a built functional or `Sequential`"):
        replace_norms(keras.Sequential([L.Dense(3)]), "group")


@pytest.mark.parametrize(
    ("layer", "kind", "message"),
    [
        (L.TimeDistributed(L.BatchNormalization()), "group", "'it'.*TimeDistributed has a norm"),
        (L.LayerNormalization(axis=[1, 2]), "group", r"'it'.*over the axes \[1, 2\] at once"),
        (L.BatchNormalization(), layers.GroupNormalization(5), "'it'.*`groups` must divide"),
    ],
)
def test_what_cannot_be(layer, kind, message):
    layer = type(layer).from_config({**layer.get_config(), "name": "it"})
    model = keras.Sequential([keras.Input((4, 6)), layer])
    with pytest.raises(ValueError, match=message):
        replace_norms(model, kind)


def test_no_instances_of_vectors():
    model = keras.Sequential([keras.Input((6,)), L.BatchNormalization(name="it")])
    with pytest.raises(ValueError, match=r"'it'.*its inputs \(None, 6\) have no positions"):
        replace_norms(model, "instance")


def test_what_is_no_model_is_named():
    with pytest.raises(ValueError, match="`model` must be a built functional.*None"):
        replace_norms(None, "group")
