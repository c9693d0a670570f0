"""LocalResponseNormalization: the definition, borders, even windows, TensorFlow's and torch's."""

import keras
import numpy as np
import pytest

from kerasbook import testing
from kerasbook.layers import LocalResponseNormalization


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def definition(x, size, bias, alpha, beta):
    y, channels = np.empty(x.shape), x.shape[-1]
    for i in range(channels):
        first, last = max(0, i - size // 2), min(channels - 1, i + (size - 1) // 2)
        total = sum(x[..., j].astype("float64") ** 2 for j in range(first, last + 1))
        y[..., i] = x[..., i] / (bias + alpha * total) ** beta
    return y


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 40])
@pytest.mark.parametrize("beta", [0, 0.3, 0.5, 0.75, 1])
@pytest.mark.parametrize("channels", [7, 300])
def test_definition(size, beta, channels, rng):
    x = rng.normal(0.5, 2, size=(2, 3, channels)).astype("float32")
    layer = LocalResponseNormalization(size, bias=1.5, alpha=0.7, beta=beta)
    np.testing.assert_allclose(numpy(layer(x)), definition(x, size, 1.5, 0.7, beta), rtol=1e-4)


def test_defaults_are_those_of_the_paper(rng):
    x = rng.normal(0, 100, size=(2, 3, 4, 9)).astype("float32")
    expected = definition(x, 5, 2, 1e-4, 0.75)
    np.testing.assert_allclose(numpy(LocalResponseNormalization()(x)), expected, rtol=1e-5)


def test_average_divides_alpha_by_the_size(rng):
    x = rng.normal(0, 3, size=(2, 3, 4, 9)).astype("float32")
    layer = LocalResponseNormalization(4, alpha=0.8, average=True)
    np.testing.assert_allclose(numpy(layer(x)), definition(x, 4, 2, 0.2, 0.75), rtol=1e-5)


def test_channels_may_stand_first(rng):
    x = rng.normal(size=(2, 6, 3, 4)).astype("float32")
    first = numpy(LocalResponseNormalization(3, alpha=1, axis=1)(x))
    last = numpy(LocalResponseNormalization(3, alpha=1)(x.transpose(0, 2, 3, 1)))
    np.testing.assert_allclose(first, last.transpose(0, 3, 1, 2), atol=1e-6)


@pytest.mark.tensorflow
@pytest.mark.parametrize("radius", [0, 1, 2, 6])
def test_equals_the_operation_of_tensorflow(radius, rng):
    import tensorflow as tf

    x = tf.Variable(rng.normal(0, 2, size=(2, 3, 4, 9)).astype("float32"))
    layer = LocalResponseNormalization(2 * radius + 1, bias=1.3, alpha=0.4, beta=0.6)
    results = []
    for function in (
        layer,
        lambda x: tf.nn.local_response_normalization(x, radius, 1.3, 0.4, 0.6),
    ):
        with tf.GradientTape() as tape:
            y = function(x)
            loss = tf.reduce_sum(tf.sin(y))
        results.append((y, tape.gradient(loss, x)))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("size", [3, 4, 5])
def test_equals_the_layer_of_torch(size, rng):
    torch = pytest.importorskip("torch")
    x = rng.normal(0, 2, size=(2, 9, 3, 4)).astype("float32")
    theirs = torch.nn.LocalResponseNorm(size, alpha=0.4, beta=0.75, k=1.3)(torch.tensor(x))
    ours = LocalResponseNormalization(size, bias=1.3, alpha=0.4, average=True, axis=1)(x)
    np.testing.assert_allclose(numpy(ours), theirs.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "`size` must be a positive integer.*size=0"),
        ({"bias": 0}, "`bias` must be above 0.*bias=0"),
        ({"alpha": -1}, "`alpha` must be 0 or above.*alpha=-1"),
        ({"beta": -0.5}, "`beta` must be 0 or above.*beta=-0.5"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        LocalResponseNormalization(**arguments)


@pytest.mark.tensorflow
@pytest.mark.parametrize("channels", [7, 300])
def test_gradient_of_an_even_window_is_the_slope(channels):
    case = testing.Case(
        "LocalResponseNormalization",
        lambda **kwargs: LocalResponseNormalization(4, alpha=0.5, **kwargs),
        (2, 3, channels),
    )
    testing.PROMISES["gradient_is_slope"](case)


@pytest.mark.tensorflow
def test_a_mask_is_passed_on_unless_its_axis_holds_the_channels(rng):
    x = keras.layers.Masking()(rng.normal(size=(2, 4, 3)).astype("float32"))
    y = LocalResponseNormalization()(x)
    np.testing.assert_array_equal(y._keras_mask, x._keras_mask)
    with pytest.warns(UserWarning, match="does not support mask"):
        y = LocalResponseNormalization(axis=1)(x)
    assert not hasattr(y, "_keras_mask")
