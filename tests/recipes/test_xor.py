"""Exclusive or: the truth table by hand, what powers of single inputs cannot do."""

import numpy as np
from helpers.study_runs import recorded, short_run
from keras import layers as keras_layers

from kerasbook import layers
from kerasbook.recipes import xor


def test_the_truth_table_by_hand():
    model = xor.hand_set(layers.Heaviside)
    assert np.asarray(model(xor.CORNERS))[:, 0].tolist() == [0, 1, 1, 0]
    # The hidden units are AND and OR.
    hidden = np.asarray(model.layers[1](model.layers[0](xor.CORNERS)))
    assert hidden.tolist() == [[0, 0], [0, 1], [0, 1], [1, 1]]


def test_over_the_grid_it_is_the_formula_of_the_book():
    places = np.linspace(-0.2, 1.2, 100)
    np.testing.assert_array_equal(xor.GRID, places)
    x = np.stack(np.meshgrid(places, places), -1).reshape(-1, 2).astype("float32")

    def formula(f):
        total = x.astype("float64").sum(-1)
        return f(-f(total - 1.5) + f(total - 0.5) - 0.5)

    step = np.asarray(xor.hand_set(layers.Heaviside)(x))[:, 0]
    np.testing.assert_array_equal(step, formula(lambda v: (v >= 0).astype(float)))
    smooth = np.asarray(xor.hand_set(lambda: keras_layers.Activation("sigmoid"))(x))[:, 0]
    np.testing.assert_allclose(smooth, formula(lambda v: 1 / (1 + np.exp(-v))), atol=1e-6)


def test_powers_are_those_of_each_input_alone():
    x = np.array([[0.1, 0.9]])
    moved = (x[0] - 0.5) / 0.8
    expected = [value**power for power in range(1, 11) for value in moved]
    np.testing.assert_allclose(xor.powers(x)[0], expected)


def test_a_short_run(tmp_path):
    record = short_run("xor", tmp_path / "run", epochs=60)
    scores = record["scores"]
    assert scores["4 radial basis functions"]["accuracy"] == [1.0]
    assert scores["linear logistic"]["accuracy"][0] < 0.8
    assert scores["powers up to 10"]["accuracy"][0] < 0.8


def test_the_claims_of_the_record():
    row = recorded("xor")
    assert all(claim["holds"] for claim in row["claims"])
    assert min(row["scores"]["4 radial basis functions"]["accuracy"]) == 1
