"""The perceptron of the irises: its layers, its split, a short run."""

import numpy as np
from helpers.study_runs import recorded, short_run

from kerasbook.recipes import iris_mlp


def test_two_hidden_layers_and_three_classes():
    (x, y), (_, test_y), names = iris_mlp.split_irises(0)
    model = iris_mlp.perceptron(x)
    shapes = [tuple(layer.kernel.shape) for layer in model.layers[1:]]
    assert shapes == [(4, 10), (10, 10), (10, 3)]
    np.testing.assert_allclose(np.asarray(model(x)).sum(-1), 1, rtol=1e-5)
    assert names == ["setosa", "versicolor", "virginica"]
    assert np.bincount(y).tolist() == [30] * 3
    assert np.bincount(test_y).tolist() == [20] * 3
    scaled = np.asarray(model.layers[0](x))
    np.testing.assert_allclose([scaled.mean(), scaled.std()], [0, 1], atol=1e-3)


def test_no_flower_is_in_both_parts():
    (x, _), (test_x, _), _ = iris_mlp.split_irises(3)
    together = np.concatenate([x, test_x])
    (other_x, _), (other_test_x, _), _ = iris_mlp.split_irises(4)
    for values in (together, np.concatenate([other_x, other_test_x])):
        assert len(values) == 150
    np.testing.assert_array_equal(
        np.sort(together, 0), np.sort(np.concatenate([other_x, other_test_x]), 0)
    )


def test_a_short_run_learns(tmp_path):
    record = short_run("iris_mlp", tmp_path / "run", epochs=60)
    assert record["scores"]["two hidden layers"]["accuracy"][0] > 0.85


def test_the_record():
    assert min(recorded("iris_mlp")["scores"]["two hidden layers"]["accuracy"]) > 0.85
