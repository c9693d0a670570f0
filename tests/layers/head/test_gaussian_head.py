"""GaussianHead: its methods against NumPy, and that it learns a spread that depends on x."""

import math

import keras
import numpy as np
import pytest

from kerasbook.layers import GaussianHead
from kerasbook.losses import GaussianNegativeLogLikelihood


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("leading", [(5,), (3, 4)])
def test_methods_are_the_definition(rng, leading):
    x = rng.normal(size=(*leading, 3)).astype("float32")
    head = GaussianHead(2, min_scale=0.05, bias_initializer="random_normal")
    output = head(x)
    kernel, bias = (numpy(weight) for weight in head.weights)
    means, raw = np.split(x @ kernel + bias, 2, axis=-1)
    scales = 0.05 + np.log1p(np.exp(raw))
    target = rng.normal(size=(*leading, 2)).astype("float32")
    z = (target - means) / scales
    expected = {
        "mean": means,
        "variance": scales**2,
        "log_prob": np.sum(-0.5 * z**2 - np.log(scales * math.sqrt(2 * math.pi)), axis=-1),
        "cdf": 0.5 * (1 + np.vectorize(math.erf)(z / math.sqrt(2))),
    }
    for number, part in enumerate((means, scales)):
        np.testing.assert_allclose(numpy(head.split(output)[number]), part, atol=1e-5)
    for name in ("mean", "variance"):
        actual = numpy(getattr(head, name)(output))
        np.testing.assert_allclose(actual, expected[name], rtol=1e-5, atol=1e-5)
    for name in ("log_prob", "cdf"):
        actual = numpy(getattr(head, name)(output, target))
        np.testing.assert_allclose(actual, expected[name], rtol=1e-5, atol=1e-5)


def test_equals_scipy(rng):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not needed to use kerasbook")
    head = GaussianHead(3)
    output = head(rng.normal(size=(6, 2)).astype("float32"))
    target = rng.normal(size=(6, 3)).astype("float32") * 3
    normal = stats.norm(*(numpy(part).astype("float64") for part in head.split(output)))
    actual = numpy(head.log_prob(output, target))
    np.testing.assert_allclose(actual, normal.logpdf(target).sum(-1), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(numpy(head.cdf(output, target)), normal.cdf(target), atol=1e-5)


def test_samples_have_mean_and_deviation():
    head = GaussianHead(2)
    output = np.tile(np.array([[2.0, -1.0, 0.5, 3.0]], "float32"), (20_000, 1))
    for temperature in (1.0, 4.0):
        samples = numpy(head.sample(output, 1, temperature))
        scales = np.array([0.5, 3.0]) * math.sqrt(temperature)
        assert np.all(np.abs(samples.mean(0) - [2.0, -1.0]) < 5 * scales / math.sqrt(20_000))
        np.testing.assert_allclose(samples.std(0), scales, rtol=0.03)


def test_learns_mean_and_spread(rng):
    """Of `y = 2 x + noise`, four times as wide on the right as on the left."""
    x = rng.uniform(-1, 1, size=(2000, 1)).astype("float32")
    spread = np.where(x > 0, 1.2, 0.3)
    y = (2 * x + spread * rng.normal(size=x.shape)).astype("float32")
    features = np.concatenate([x, x > 0], axis=-1).astype("float32")
    head = GaussianHead(1, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((2,)), head])
    model.compile(keras.optimizers.Adam(0.1), GaussianNegativeLogLikelihood())
    for _ in range(250):
        model.train_on_batch(features, y)
    ends = np.array([[-0.5, 0], [0.5, 1]], "float32")
    mean, scale = (numpy(part)[:, 0] for part in head.split(model(ends)))
    np.testing.assert_allclose(mean, [-1, 1], atol=0.15)
    np.testing.assert_allclose(scale, [0.3, 1.2], rtol=0.15)
