"""MLP: the book's parameter counts, and its features."""

import numpy as np
import pytest

from kerasbook.applications import MLP


def test_parameters_of_the_book():
    model = MLP()
    counts = [layer.count_params() for layer in model.layers if layer.count_params()]
    assert counts == [100_480, 16_512, 1_290]


def test_one_layer_is_the_formula(rng):
    model = MLP(units=(5,), input_shape=(2, 3, 1), classes=4, activation="tanh")
    w1, b1, w2, b2 = (rng.normal(size=w.shape) for w in model.get_weights())
    model.set_weights([w1, b1, w2, b2])
    x = rng.normal(size=(3, 2, 3, 1)).astype("float32")
    logits = np.tanh(x.reshape(3, 6) @ w1 + b1) @ w2 + b2
    expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-5)


def test_without_the_top_and_with_dropout():
    assert MLP(include_top=False, units=(7, 5)).output.shape == (None, 5)
    assert [layer.name for layer in MLP(dropout=0.2).layers].count("dropout1") == 1


def test_normalization_follows_each_hidden_layer():
    names = [layer.name for layer in MLP(units=(8, 8), normalization="batch").layers]
    assert names[2:8] == [
        *("dense1", "dense1_norm", "dense1_act", "dense2", "dense2_norm", "dense2_act")
    ]


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`pooling` must be None.*'avg'"):
        MLP(pooling="avg")
    with pytest.raises(ValueError, match="`input_shape` must be static"):
        MLP(input_shape=(None, 28, 1), include_top=False)
    with pytest.raises(ValueError, match=r"`units` must be a positive integer or a list.*\(8, 0\)"):
        MLP(units=(8, 0))
