"""Means of weights: right with recalibrated batch normalization, wrong without."""

import keras
import numpy as np
import pytest

from kerasbook.evaluation import average_weights


def model(scale):
    """A squared feature, normalized: its mean grows with the square of the weight."""
    image = keras.Input((1,))
    product = keras.layers.Dense(1, use_bias=False)(image)
    square = keras.layers.Multiply()([product, product])
    network = keras.Model(image, keras.layers.BatchNormalization(epsilon=1e-6)(square))
    network.layers[1].set_weights([np.array([[scale]])])
    return network


def test_is_wrong_without_recalibration_and_right_with_it(rng):
    x = rng.normal(size=(64, 1)).astype("float32")
    models = [model(1.0), model(3.0)]
    for one in models:
        squares = (np.asarray(one.layers[1].kernel) * x) ** 2
        gamma, beta, *_ = one.layers[3].get_weights()
        one.layers[3].set_weights([gamma, beta, squares.mean(0), squares.var(0)])
        assert np.asarray(one(x)).mean() == pytest.approx(0, abs=1e-5)
        assert np.asarray(one(x)).std() == pytest.approx(1, abs=1e-3)
    average = average_weights(models, x, batch_size=64)
    _, weights, _, norm = average.layers
    assert np.asarray(weights.kernel).item() == 2  # the mean of 1 and 3
    outputs = np.asarray(average(x))
    squares = (2 * x) ** 2
    np.testing.assert_allclose(outputs, (squares - squares.mean()) / squares.std(), atol=1e-3)
    # The mean of the statistics belongs to no weights: (1 + 9) / 2 is not 2^2.
    gamma, beta, *_ = norm.get_weights()
    means = [np.mean([one.layers[3].get_weights()[i] for one in models], 0) for i in (2, 3)]
    norm.set_weights([gamma, beta, *means])
    assert abs(np.asarray(average(x)).mean()) > 0.1
    assert [np.asarray(one.layers[1].kernel).item() for one in models] == [1, 3]


def test_without_batch_normalization_no_data_is_needed(rng):
    models = [
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dropout(0.5)])
        for _ in range(3)
    ]
    x = rng.normal(size=(4, 3)).astype("float32")
    outputs = np.asarray(average_weights(models)(x))
    np.testing.assert_allclose(
        outputs, np.mean([np.asarray(one(x)) for one in models], 0), rtol=1e-4, atol=1e-6
    )


def test_bad_input():
    with pytest.raises(ValueError, match="`models` must be one or more .* Received: 0 models"):
        average_weights([])
    other = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="2 models with 2 lists of shapes"):
        average_weights([model(1.0), other])
    with pytest.raises(ValueError, match="`data` must be given"):
        average_weights([model(1.0)])
