"""The hand-written gradients, first and second, and the numbers that cancellation threatens."""

import keras
import numpy as np
import pytest

from kerasbook.ops import normalization

pytestmark = pytest.mark.tensorflow
if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    from kerasbook.ops import normalization_tensorflow


def derivatives(function, values):
    """Returns the gradients of a loss, and of a penalty on the first of them."""
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            loss = tf.reduce_sum(tf.sin(function(*values)))
        first = inner.gradient(loss, values)
        with outer.stop_recording():
            kept = [g.numpy() for g in first]
        penalty = tf.reduce_sum(first[0] ** 3)
    return [*kept, *outer.gradient(penalty, values, unconnected_gradients="zero")]


@pytest.mark.parametrize("mean", [0.0, 100.0])
def test_group_normalization_has_the_derivatives_of_the_plain_formula(mean, rng):
    x = rng.normal(size=(2, 5, 6)) + mean * rng.uniform(0.5, 1, size=6)
    values = [tf.Variable(v) for v in (x, rng.normal(size=6), rng.normal(size=6))]
    plain = derivatives(
        lambda x, g, b: normalization._group_normalization(x, 3, g, b, 1e-3), values
    )
    ours = derivatives(
        lambda x, g, b: normalization_tensorflow.group_normalization(x, 3, g, b, 1e-3), values
    )
    for a, b in zip(ours, plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("has_threshold", [False, True])
def test_filter_response_normalization_has_the_derivatives_of_the_plain_formula(has_threshold, rng):
    threshold = rng.normal(size=3) if has_threshold else np.float64(-np.inf)
    values = [rng.normal(size=(2, 5, 3)), *rng.normal(size=(2, 3)), threshold, np.float64(0.1)]
    values = [tf.Variable(v) for v in values]
    results = [
        derivatives(function, values)
        for function in (
            normalization._filter_response_normalization,
            normalization_tensorflow.filter_response_normalization,
        )
    ]
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("mean", [0.0, 2.0, 1e3])
def test_group_normalization_keeps_the_digits_of_float32(mean, rng):
    x = (rng.normal(size=(2, 700, 6)) + mean).astype("float32")
    upstream = rng.normal(size=x.shape).astype("float32")
    gamma, beta = rng.uniform(1, 2, (2, 6)).astype("float32")
    results = []
    for dtype in ("float32", "float64"):
        inputs = [tf.Variable(v.astype(dtype)) for v in (x, gamma, beta)]
        with tf.GradientTape() as tape:
            y = normalization_tensorflow.group_normalization(inputs[0], 3, *inputs[1:], 1e-5)
        results.append([y, *tape.gradient(y, inputs, output_gradients=upstream.astype(dtype))])
    for a, b in zip(*results, strict=True):
        # A mean of 1e3 is itself rounded to 3e-5 deviations.
        np.testing.assert_allclose(a, b, atol=3e-6 * max(1, mean / 10) * np.abs(b).max())


@pytest.mark.parametrize("threshold", [-1e6, -1e30, 0.3])
def test_filter_response_normalization_keeps_its_digits_above_any_threshold(threshold, rng):
    x, upstream = rng.normal(size=(2, 2, 40, 3))
    gamma, beta = rng.uniform(1, 2, (2, 3))
    results = []
    for dtype, function in (
        ("float32", normalization_tensorflow.filter_response_normalization),
        ("float64", normalization._filter_response_normalization),
    ):
        values = [x, gamma, beta, np.full(3, threshold), np.float64(1e-6)]
        values = [tf.Variable(tf.constant(v, dtype)) for v in values]
        with tf.GradientTape() as tape:
            y = function(*values)
        results.append([y, *tape.gradient(y, values, output_gradients=upstream.astype(dtype))])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-5)
