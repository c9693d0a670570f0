"""Quantiles: against integrals of the densities, the moments, and scipy where it is at hand."""

import math

import keras
import numpy as np
import pytest

from kerasbook.augmentation.quantiles import beta_quantile, dirichlet_quantiles, gamma_quantile


def uniform(rng, shape):
    return (rng.integers(0, 2**24, shape) / 2**24).astype("float32")


def mass_below(log_density, place):
    """The integral of `exp(log_density(y))` up to `place`, by the trapezoidal rule."""
    y = np.linspace(place - 500, place, 2_000_001)
    heights = np.exp(log_density(y))
    return (heights.sum() - heights[-1] / 2) * (y[1] - y[0])


BETAS = [(0.1, 0.1), (0.2, 0.2), (1, 1), (2, 2), (8, 8), (0.3, 4), (5, 0.7)]


@pytest.mark.parametrize(("alpha", "beta"), BETAS)
def test_beta_quantile_inverts_the_integral_of_the_density(alpha, beta):
    constant = math.lgamma(alpha + beta) - math.lgamma(alpha) - math.lgamma(beta)

    def log_density(y):  # of the logit of a beta number
        return constant + alpha * y - (alpha + beta) * np.logaddexp(0, y)

    numbers = np.array([2**-24, 0.01, 0.3, 0.5, 0.75, 0.96], "float32")
    for u, x in zip(numbers, np.array(beta_quantile(numbers, alpha, beta), "float64"), strict=True):
        if 1e-30 < x < 1 - 1e-3:  # elsewhere a float32 is too coarse to go back from
            found = mass_below(log_density, math.log(x / (1 - x)))
            assert abs(found / (float(u) + 2**-25) - 1) < 2e-5


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1, 2, 8])
def test_gamma_quantile_inverts_the_integral_of_the_density(alpha):
    def log_density(y):  # of the logarithm of a gamma number
        return alpha * y - np.exp(y) - math.lgamma(alpha)

    numbers = np.array([2**-24, 0.01, 0.3, 0.5, 0.75, 0.96], "float32")
    for u, x in zip(numbers, np.array(gamma_quantile(numbers, alpha), "float64"), strict=True):
        if x > 1e-30:
            found = mass_below(log_density, math.log(x))
            assert abs(found / (float(u) + 2**-25) - 1) < 1e-5


@pytest.mark.parametrize("alpha", [0.1, 0.2, 1, 2, 8])
def test_moments_are_those_of_the_distributions(alpha, rng):
    numbers = uniform(rng, 200_000)
    x = np.array(beta_quantile(numbers, alpha, alpha), "float64")
    variance = 1 / (4 * (2 * alpha + 1))
    assert abs(x.mean() - 0.5) < 5 * math.sqrt(variance / len(x))
    fourth = ((x - 0.5) ** 4).mean()
    assert abs(x.var() - variance) < 5 * math.sqrt((fourth - variance**2) / len(x))
    y = np.array(gamma_quantile(numbers, alpha), "float64")
    assert abs(y.mean() - alpha) < 5 * math.sqrt(alpha / len(y))
    fourth = ((y - alpha) ** 4).mean()
    assert abs(y.var() - alpha) < 5 * math.sqrt((fourth - alpha**2) / len(y))


def test_quantiles_are_those_of_scipy(rng):
    stats = pytest.importorskip("scipy.stats")
    numbers = np.sort(np.concatenate([uniform(rng, 20_000), [0, 2**-24, 1 - 2**-24]]))
    numbers = numbers.astype("float32")
    middle = numbers.astype("float64") + 2**-25
    for alpha, beta in [*BETAS, (50, 2), (1000, 1000)]:
        expected = stats.beta.ppf(middle, alpha, beta)
        np.testing.assert_allclose(beta_quantile(numbers, alpha, beta), expected, atol=1e-6, rtol=0)
    for alpha in (0.1, 0.5, 1, 2, 8, 1000):
        expected = stats.gamma.ppf(middle, alpha)
        seen = expected > 1e-30
        got = np.array(gamma_quantile(numbers, alpha))
        np.testing.assert_allclose(got[seen], expected[seen], rtol=2e-5)


def test_closed_forms_and_the_ends():
    numbers = np.array([0, 2**-24, 0.25, 0.5, 1 - 2**-24], "float32")
    middle = numbers.astype("float64") + 2**-25
    np.testing.assert_allclose(beta_quantile(numbers, 1, 1), middle, rtol=2e-6)
    np.testing.assert_allclose(gamma_quantile(numbers, 1), -np.log1p(-middle), rtol=2e-6)
    arcsine = np.sin(np.pi / 2 * middle) ** 2
    np.testing.assert_allclose(beta_quantile(numbers, 0.5, 0.5), arcsine, rtol=1e-5)
    for alpha in (0.01, 100):
        ends = np.array(beta_quantile(numbers, alpha, alpha))
        assert np.isfinite(ends).all()
        assert (np.diff(ends) >= 0).all()


@pytest.mark.parametrize("alpha", [0.01, 0.5, 1, 3])
def test_dirichlet_weights_sum_to_one_and_have_its_moments(alpha, rng):
    weights = np.array(dirichlet_quantiles(uniform(rng, (50_000, 3)), alpha), "float64")
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-6)
    variance = (1 / 3) * (2 / 3) / (3 * alpha + 1)
    assert np.abs(weights.mean(0) - 1 / 3).max() < 5 * math.sqrt(variance / len(weights))
    squares = (weights - 1 / 3) ** 2
    assert (np.abs(squares.mean(0) - variance) < 5 * squares.std(0) / math.sqrt(50_000)).all()
    zeros = np.zeros((1, 4), "float32")
    np.testing.assert_allclose(dirichlet_quantiles(zeros, alpha), zeros + 0.25)


def test_dirichlet_of_one_is_normalized_exponential_numbers(rng):
    numbers = uniform(rng, (5, 4))
    gammas = -np.log(1 - numbers.astype("float64") - 2**-25)
    expected = gammas / gammas.sum(-1, keepdims=True)
    np.testing.assert_allclose(dirichlet_quantiles(numbers, 1), expected, rtol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="compiles by TensorFlow")
def test_compiled_is_the_same(rng):
    import tensorflow as tf

    numbers = uniform(rng, 1000)
    compiled = tf.function(lambda u: beta_quantile(u, 0.2, 0.2), jit_compile=True)
    np.testing.assert_allclose(compiled(numbers), beta_quantile(numbers, 0.2, 0.2), atol=1e-6)
