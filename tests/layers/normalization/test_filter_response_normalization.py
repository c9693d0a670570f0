"""FilterResponseNormalization: the definition, its options, its one-position case."""

import keras
import numpy as np
import pytest

from kerasbook.layers import FilterResponseNormalization


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def built(rng, shape, **options):
    layer = FilterResponseNormalization(**options)
    layer.build(shape)
    layer.set_weights([rng.normal(0, 0.5, size=w.shape) for w in layer.weights])
    return layer


def definition(x, gamma, beta, tau, epsilon):
    y = np.empty(x.shape)
    for n in range(len(x)):
        for c in range(x.shape[-1]):
            channel = x[n, ..., c].astype("float64")
            nu2 = (channel**2).sum() / channel.size
            y[n, ..., c] = np.maximum(
                gamma[c] * channel / np.sqrt(nu2 + abs(epsilon)) + beta[c], tau[c]
            )
    return y


@pytest.mark.parametrize("shape", [(3, 4), (3, 7, 4), (3, 5, 7, 4), (2, 3, 2, 5, 4)])
@pytest.mark.parametrize("learn_epsilon", [False, True])
@pytest.mark.parametrize("threshold", [False, True])
def test_definition(shape, learn_epsilon, threshold, rng):
    x = rng.normal(0.4, 2, size=shape).astype("float32")
    layer = built(rng, shape, learn_epsilon=learn_epsilon, threshold=threshold, epsilon=0.01)
    weights = {w.name: numpy(w) for w in layer.weights}
    names = ["gamma", "beta", *["tau"] * threshold, *["learned_epsilon"] * learn_epsilon]
    assert list(weights) == names
    expected = definition(
        x,
        weights["gamma"],
        weights["beta"],
        weights.get("tau", np.full(4, -np.inf)),
        0.01 + abs(weights.get("learned_epsilon", 0)),
    )
    np.testing.assert_allclose(numpy(layer(x)), expected, atol=1e-5)


def test_channels_may_stand_first(rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    first = built(rng, x.shape, axis=1)
    last = FilterResponseNormalization()
    last.build((2, 4, 5, 3))
    last.set_weights(first.get_weights())
    expected = numpy(last(x.transpose(0, 2, 3, 1))).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(numpy(first(x)), expected, atol=1e-6)


def test_without_a_learned_epsilon_one_position_leaves_the_sign():
    x = np.array([[0.5, -3.0, 20.0]], "float32")
    y = numpy(FilterResponseNormalization(threshold=False)(x))
    np.testing.assert_allclose(y, np.sign(x), atol=1e-5)


def test_epsilon_starts_as_in_the_paper():
    layer = FilterResponseNormalization(learn_epsilon=True)
    layer.build((None, 8))
    np.testing.assert_allclose(numpy(layer.learned_epsilon), 1e-4)
    assert layer.epsilon == 1e-6


def test_all_zero_gives_beta_or_tau(rng):
    layer = built(rng, (2, 3, 3, 4))
    y = numpy(layer(np.zeros((2, 3, 3, 4), "float32")))
    expected = np.maximum(numpy(layer.beta), numpy(layer.tau))
    np.testing.assert_allclose(y, np.broadcast_to(expected, y.shape), rtol=1e-6)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`epsilon` must be above 0.*epsilon=0"):
        FilterResponseNormalization(epsilon=0)
    with pytest.raises(ValueError, match="static size"):
        FilterResponseNormalization().build((None, 3, 3, None))


def test_without_scale_and_offset(rng):
    x = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    layer = FilterResponseNormalization(center=False, scale=False, threshold=False)
    expected = x / np.sqrt((x**2).mean((1, 2), keepdims=True) + 1e-6)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), expected, rtol=1e-5)
    assert layer.weights == []
