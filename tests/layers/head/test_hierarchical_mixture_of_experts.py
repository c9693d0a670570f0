"""HierarchicalMixtureOfExperts against products of gates in NumPy, to any depth."""

import itertools

import keras
import numpy as np
import pytest
from keras.layers import Dense

from kerasbook.layers import HierarchicalMixtureOfExperts, MixtureOfExperts

numpy = keras.ops.convert_to_numpy


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("branching", [(3,), (2, 3), (2, 1, 3), (2, 2, 2, 2)])
@pytest.mark.parametrize("shape", [(4, 5), (4, 3, 5)])
def test_experts_are_weighted_by_the_products_of_gates(rng, branching, shape):
    layer = HierarchicalMixtureOfExperts(branching, Dense(2, "tanh"))
    layer.build(shape)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    x = rng.normal(size=shape).astype("float32")

    def affine(dense):
        return x @ numpy(dense.kernel) + numpy(dense.bias)

    expected, weights = 0, []
    for path in itertools.product(*map(range, branching)):
        node, weight = layer.root, 1
        for branch in path:
            weight = weight * softmax(affine(node.gate))[..., branch]
            node = node.experts[branch]
        weights.append(weight)
        expected = expected + weight[..., None] * np.tanh(affine(node))
    np.testing.assert_allclose(numpy(layer(x)), expected, atol=1e-5)
    np.testing.assert_allclose(numpy(layer.responsibilities(x)), np.stack(weights, -1), atol=1e-6)
    gates = sum(np.prod(branching[:level], dtype=int) for level in range(len(branching)))
    assert len(layer.weights) == 2 * (gates + np.prod(branching))


def test_it_is_the_same_tree_as_one_nested_by_hand(rng):
    layer = HierarchicalMixtureOfExperts((2, 3), Dense(2))
    inner = [MixtureOfExperts([Dense(2) for _ in range(3)], Dense(3)) for _ in range(2)]
    nested = MixtureOfExperts(inner, Dense(2))
    x = rng.normal(size=(4, 5)).astype("float32")
    nested(x)
    layer.build(x.shape)
    layer.set_weights(nested.get_weights())
    np.testing.assert_allclose(numpy(layer(x)), numpy(nested(x)), atol=1e-6)


def test_gates_of_several_layers(rng):
    gate = keras.Sequential([Dense(7, "relu"), Dense(4, "tanh")])
    layer = HierarchicalMixtureOfExperts((2, 2), Dense(3), gate=gate)
    x = rng.normal(size=(6, 5)).astype("float32")
    layer(x)
    assert len(layer.weights) == 4 * 2 + 3 * 6
    assert [tuple(w.shape) for w in layer.root.gate.weights[::2]] == [(5, 7), (7, 4), (4, 2)]
    assert not gate.built  # of which there are copies only
    weights = numpy(layer.responsibilities(x))
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-6)
    root = numpy(layer.root.responsibilities(x))
    np.testing.assert_allclose(weights.reshape(6, 2, 2).sum(-1), root, atol=1e-6)


@pytest.mark.parametrize("seed", [None, 3])
def test_copies_begin_differently_and_again_alike(seed):
    def kernels(make=Dense):
        expert = Dense(2, kernel_initializer=keras.initializers.GlorotUniform(seed))
        layer = HierarchicalMixtureOfExperts((2, 2), expert)
        layer.build((None, 5))
        leaves = [leaf for branch in layer.root.experts for leaf in branch.experts]
        return np.stack([numpy(leaf.kernel) for leaf in leaves])

    first, second = kernels(), kernels()
    assert len(np.unique(first.reshape(4, -1), axis=0)) == 4
    assert np.all(first == second) == (seed is not None)


def test_a_template_with_weights_gives_none_of_them(rng):
    expert = keras.Sequential([keras.Input((5,)), Dense(2)])
    layer = HierarchicalMixtureOfExperts((2,), expert)
    layer.build((None, 5))
    assert layer.expert is expert
    assert len(layer.weights) == 2 * 2 + 2
    assert np.any(numpy(layer.root.experts[0].weights[0]) != numpy(expert.weights[0]))


def test_bad_arguments_are_named():
    for branching in ((), 3, None):
        with pytest.raises(ValueError, match="`branching` must be a list of one or more positive"):
            HierarchicalMixtureOfExperts(branching, Dense(2))
    with pytest.raises(ValueError, match="`branching` must be a positive integer or a list"):
        HierarchicalMixtureOfExperts((2, 0), Dense(2))
    with pytest.raises(ValueError, match="`expert` must be a Keras layer. Received: expert=None"):
        HierarchicalMixtureOfExperts((2,), None)
    with pytest.raises(ValueError, match="`gate` must be a Keras layer. Received: gate=4"):
        HierarchicalMixtureOfExperts((2,), Dense(2), gate=4)
    with pytest.raises(ValueError, match="the axes of the `gate` must be the experts'"):
        HierarchicalMixtureOfExperts((2,), keras.layers.GlobalAveragePooling2D()).build(
            (None, 4, 5, 3)
        )
