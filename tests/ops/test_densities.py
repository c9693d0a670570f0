"""Densities of one number: NumPy and scipy definitions, distribution functions, draws."""

import itertools
import math

import keras
import numpy as np
import pytest
from helpers.density_definitions import FAMILIES, density, scipy_family

from kerasbook.ops import densities

DEGREES = (0.4, 1, 2, 5, 40, 60, 1000)
KINDS = [*FAMILIES[:3], *(("student_t", nu) for nu in DEGREES)]
Z = np.concatenate([-np.logspace(4, -3, 30), [0], np.logspace(-3, 4, 31)]).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize(("family", "nu"), FAMILIES)
def test_log_density_is_the_definition(family, nu):
    z = Z[np.abs(Z) < 30]
    expected = [math.log(density(float(number), family, nu)) for number in z]
    actual = numpy(densities.log_density(z, family, nu))
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("family", "nu"), KINDS)
def test_log_density_and_cumulative_are_those_of_scipy(family, nu):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not needed to use kerasbook")
    dist = scipy_family(stats, family, nu, 0, 1)
    expected = (
        dist.logpdf(Z) if family != "laplace" else -np.abs(Z) - math.log(2)
    )  # scipy's is -inf
    actual = numpy(densities.log_density(Z, family, nu))
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)
    actual = numpy(densities.cumulative(Z, family, nu))
    np.testing.assert_allclose(actual, dist.cdf(Z), rtol=0, atol=2e-6)


@pytest.mark.parametrize(("family", "nu"), [*FAMILIES, ("student_t", 80.0)])
def test_cumulative_is_the_integral_of_the_density(family, nu):
    ends = np.linspace(-6, 5, 12)
    grid = np.linspace(0, 1, 2001)
    values = numpy(densities.cumulative(ends.astype("float32"), family, nu))
    for i, (low, high) in enumerate(itertools.pairwise(ends)):
        heights = [density(z, family, nu) for z in low + (high - low) * grid]
        inside = np.trapezoid(heights, dx=(high - low) / 2000)
        np.testing.assert_allclose(values[i + 1] - values[i], inside, atol=2e-6)
    np.testing.assert_allclose(numpy(densities.cumulative(np.float32([0]), family, nu)), 0.5)


@pytest.mark.parametrize(("family", "nu"), KINDS)
def test_cumulative_ends_at_zero_and_one(family, nu):
    far = np.array([-3e18, 3e18], "float32")
    wide = 0.2 if family == "student_t" and nu < 1 else 1e-6
    np.testing.assert_allclose(numpy(densities.cumulative(far, family, nu)), [0, 1], atol=wide)


@pytest.mark.parametrize("family", ["normal", "laplace", "logistic"])
def test_deviations_are_quantiles(family):
    u = np.linspace(0.001, 0.999, 321, dtype="float32")
    z = densities.deviations(u[:, None], family)
    np.testing.assert_allclose(numpy(densities.cumulative(z, family)), u, atol=1e-6)
    ends = numpy(densities.deviations(np.array([[0.0], [1.0]], "float32"), family))
    assert ends[0] < -5
    assert ends[1] > 5
    assert np.all(np.isfinite(ends))


@pytest.mark.parametrize("nu", DEGREES)
def test_deviations_of_student_have_its_distribution(nu):
    # Pairs on a lattice are spread more evenly than random ones.
    n = np.arange(10_000)
    u = np.stack([(n + 0.5) / 10_000, (n * (math.sqrt(5) - 1) / 2) % 1], axis=-1)
    z = np.sort(numpy(densities.deviations(u.astype("float32"), "student_t", nu)))
    reached = numpy(densities.cumulative(z, "student_t", nu))
    np.testing.assert_allclose(reached, (n + 0.5) / 10_000, atol=3e-3)


@pytest.mark.parametrize(("family", "nu"), FAMILIES)
def test_pull_is_the_slope_of_the_log_density(family, nu):
    for z in (0.01, 0.7, 3.0, 9.0):
        step = 1e-5 * z
        above, below = (math.log(density(z + s, family, nu)) for s in (step, -step))
        slope = (above - below) / (2 * step)
        actual = float(densities.pull(keras.ops.convert_to_tensor([z * z]), family, nu)[0])
        np.testing.assert_allclose(actual, -slope / z, rtol=1e-4)


@pytest.mark.parametrize(("family", "nu"), [*FAMILIES[:3], ("student_t", 9.0)])
def test_variance_is_the_second_moment(family, nu):
    grid = np.linspace(-60, 60, 60_001)
    heights = [z * z * density(z, family, nu) for z in grid]
    expected = np.trapezoid(heights, dx=grid[1] - grid[0])
    np.testing.assert_allclose(densities.variance_factor(family, nu), expected, rtol=1e-4)


def test_student_without_variance_or_mean():
    assert densities.variance_factor("student_t", 2.0) == math.inf
    assert densities.variance_factor("student_t", 1.5) == math.inf
    with pytest.raises(ValueError, match="`degrees_of_freedom` must be above 1.*freedom=1"):
        densities.variance_factor("student_t", 1.0)
