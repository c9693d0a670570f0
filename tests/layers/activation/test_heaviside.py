"""Heaviside: the step, its value at zero, the estimates of its gradient, and XOR."""

import keras
import numpy as np
import pytest

from kerasbook.layers import Heaviside

X = np.array([[-3.0, -1.0, -0.2, 0.0, -0.0, 0.2, 1.0, 3.0, np.inf, -np.inf]], "float32")


@pytest.mark.parametrize("value", [0, 0.5, 1.0])
@pytest.mark.parametrize("straight_through", [None, "identity", "clipped"])
def test_definition(value, straight_through):
    layer = Heaviside(value_at_zero=value, straight_through=straight_through)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(layer(X)), np.heaviside(X, np.float32(value))
    )


def test_the_book_s_network_computes_xor():
    step = Heaviside()
    for x1, x2, expected in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)):
        hidden = step(np.array([[x1 + x2 - 1.5, x1 + x2 - 0.5]], "float32"))  # AND, OR
        hidden = keras.ops.convert_to_numpy(hidden)
        y = step(-hidden[:, :1] + hidden[:, 1:] - 0.5)
        assert keras.ops.convert_to_numpy(y).item() == expected


@pytest.mark.parametrize(
    ("straight_through", "passed"),
    [
        (None, np.zeros(X.shape)),
        ("identity", np.ones(X.shape)),
        ("clipped", np.abs(X) <= 1),
    ],
)
def test_gradient_is_the_estimate(rng, straight_through, passed):
    layer = Heaviside(straight_through=straight_through)
    upstream = rng.normal(size=X.shape).astype("float32")
    if keras.backend.backend() == "jax":
        import jax

        gradient = jax.vjp(layer, X)[1](upstream)[0]
    else:
        import tensorflow as tf

        x = tf.constant(X)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        gradient = tape.gradient(y, x, output_gradients=upstream)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(gradient), upstream * passed)


@pytest.mark.tensorflow
def test_a_perceptron_with_steps_learns_or():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1), Heaviside()])
    model.compile(keras.optimizers.SGD(0.1), "mean_squared_error")
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    y = np.array([[0], [1], [1], [1]], "float32")
    for _ in range(60):
        model.train_on_batch(x, y)
    np.testing.assert_array_equal(model.predict(x, verbose=0), y)


@pytest.mark.parametrize("value", [-0.1, 1.1, None, "1", True])
def test_bad_value_is_named(value):
    with pytest.raises(ValueError, match=r"`value_at_zero` must be in \[0, 1\]"):
        Heaviside(value_at_zero=value)


def test_bad_estimator_is_named():
    with pytest.raises(ValueError, match="`straight_through` must be one of.*'tanh'"):
        Heaviside(straight_through="tanh")
