"""Packed mixtures: densities, moments, modes and samples against NumPy, scipy and grids."""

import math

import keras
import numpy as np
import pytest
from helpers.density_definitions import KINDS, mixture_density, random_mixture, scipy_density

from kerasbook.ops import Mixture
from kerasbook.ops.mixtures import log_sum

EACH = pytest.mark.parametrize(("covariance", "family", "nu"), KINDS)


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def packed_mixture(rng, leading, mixture):
    """Returns a packed float32 tensor and the parameters that it holds, covariances if full."""
    count, size = mixture.num_components, mixture.output_size
    weights, locations, scales = random_mixture(rng, leading, count, size, mixture.covariance)
    factors = np.linalg.cholesky(scales) if mixture.is_full else scales
    packed = mixture.pack(weights, locations, factors).astype("float32")
    return keras.ops.convert_to_tensor(packed), weights, locations, scales


@EACH
@pytest.mark.parametrize("leading", [(4,), (2, 3)])
@pytest.mark.parametrize("count", [1, 3])
def test_log_density_is_the_definition(rng, covariance, family, nu, leading, count):
    mixture = Mixture(2, count, covariance, family, nu)
    packed, weights, locations, scales = packed_mixture(rng, leading, mixture)
    assert packed.shape[-1] == mixture.packed_size
    targets = rng.normal(size=(*leading, 2)).astype("float32") * 2
    actual = numpy(mixture.log_density(packed, targets))
    assert actual.shape == leading
    for i in np.ndindex(*leading):
        row = (targets[i], weights[i], locations[i], scales[i], covariance, family, nu)
        expected = math.log(mixture_density(*row))
        np.testing.assert_allclose(actual[i], expected, rtol=1e-5, atol=1e-5)


@EACH
def test_log_density_is_that_of_scipy(rng, covariance, family, nu):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not needed to use kerasbook")
    mixture = Mixture(3, 4, covariance, family, nu)
    packed, *parameters = packed_mixture(rng, (30,), mixture)
    targets = rng.normal(size=(30, 3)).astype("float32") * 2
    actual = numpy(mixture.log_density(packed, targets))
    rows = zip(targets, *parameters, strict=True)
    expected = [math.log(scipy_density(stats, *row, covariance, family, nu)) for row in rows]
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@EACH
def test_parts_are_what_was_packed(rng, covariance, family, nu):
    mixture = Mixture(3, 2, covariance, family, nu)
    packed, weights, locations, scales = packed_mixture(rng, (2, 5), mixture)
    log_weights, places, kept = map(numpy, mixture.parts(packed))
    np.testing.assert_allclose(np.exp(log_weights), weights, atol=1e-6)
    np.testing.assert_allclose(places, locations, atol=1e-6)
    if covariance == "full":
        np.testing.assert_array_equal(kept, np.tril(kept))
        kept = kept @ np.swapaxes(kept, -1, -2)
    np.testing.assert_allclose(kept, scales, atol=1e-5)


@EACH
def test_activate_makes_scales_positive_and_leaves_the_rest(rng, covariance, family, nu):
    mixture = Mixture(3, 2, covariance, family, nu)
    rows = rng.normal(size=(4, mixture.packed_size)).astype("float32") * 3
    logits, locations, raw = (numpy(part) for part in mixture.parts(rows))
    weights, places, scales = (numpy(part) for part in mixture.parts(mixture.activate(rows, 0.2)))
    np.testing.assert_allclose(weights, logits)
    np.testing.assert_allclose(places, locations)
    expected = 0.2 + np.log1p(np.exp(raw.astype("float64")))
    if covariance == "full":
        expected = np.where(np.eye(3, dtype=bool), expected, raw)
    np.testing.assert_allclose(scales, expected, rtol=1e-5)


@EACH
def test_moments_and_samples_agree(rng, covariance, family, nu):
    """The mean and the spread of many samples are those of the distribution, as is its shape."""
    mixture = Mixture(2, 3, covariance, family, nu)
    packed, weights, locations, _ = packed_mixture(rng, (), mixture)
    mean, variance = numpy(mixture.mean(packed)), numpy(mixture.variance(packed))
    np.testing.assert_allclose(mean, weights @ locations, rtol=1e-5)
    count = 40_000
    uniforms = rng.uniform(size=(count, mixture.num_uniforms())).astype("float32")
    rows = keras.ops.broadcast_to(packed, (count, mixture.packed_size))
    samples = numpy(mixture.sample(rows, uniforms))
    assert samples.shape == (count, 2)
    error = 5 * np.sqrt(variance / count)
    assert np.all(np.abs(samples.mean(0) - mean) < error)
    if family != "student_t":  # whose fourth moment is infinite here
        np.testing.assert_allclose(samples.var(0), variance, rtol=0.05)
    # Each number's own distribution function turns it into a uniform one.
    below = np.sort(numpy(mixture.cumulative(rows, samples)), axis=0)
    even = (np.arange(count) + 0.5)[:, None] / count
    assert np.abs(below - even).max() < 1.63 / math.sqrt(count)  # of Kolmogorov, at 1 %
    # As does the density of both numbers: as many samples are where it is high as it says.
    grid = np.linspace(-25, 25, 501)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2).astype("float32")
    heights = np.exp(numpy(mixture.log_density(packed[None], points)))
    high = np.quantile(np.exp(numpy(mixture.log_density(packed[None], samples))), 0.4)
    mass = heights[heights > high].sum() * (grid[1] - grid[0]) ** 2
    np.testing.assert_allclose(mass, 0.6, atol=0.02)


@EACH
def test_variance_is_within_and_between(rng, covariance, family, nu):
    mixture = Mixture(2, 2, covariance, family, 12.0)
    packed, weights, locations, scales = packed_mixture(rng, (), mixture)
    factor = {"normal": 1, "laplace": 2, "logistic": math.pi**2 / 3, "student_t": 1.2}[family]
    for number in range(2):
        own = locations[:, number]
        if covariance == "full":
            within = scales[:, number, number]
        else:
            within = scales[:, number if covariance == "diagonal" else 0] ** 2
        expected = weights @ (own**2 + factor * within) - (weights @ own) ** 2
        np.testing.assert_allclose(numpy(mixture.variance(packed))[number], expected, rtol=1e-4)


@EACH
def test_cumulative_is_the_integral_of_the_density(rng, covariance, family, nu):
    mixture = Mixture(1, 3, covariance, family, nu)
    packed, *_ = packed_mixture(rng, (), mixture)
    grid = np.linspace(-4, 4, 4001, dtype="float32")
    heights = np.exp(numpy(mixture.log_density(packed[None], grid[:, None])).astype("float64"))
    inside = np.concatenate([[0], np.cumsum((heights[1:] + heights[:-1]) / 2) * 0.002])
    values = numpy(mixture.cumulative(packed[None], grid[:, None]))[:, 0]
    np.testing.assert_allclose(values - values[0], inside, atol=2e-5)


@EACH
def test_mode_of_one_number_is_the_highest_of_a_grid(rng, covariance, family, nu):
    mixture = Mixture(1, 3, covariance, family, nu)
    packed, *_ = packed_mixture(rng, (60,), mixture)
    mode = numpy(mixture.mode(packed, 100))
    assert mode.shape == (60, 1)
    reached = numpy(mixture.log_density(packed, mode))
    grid = np.linspace(-7, 7, 7001, dtype="float32")[:, None, None]
    heights = numpy(mixture.log_density(packed[None], np.broadcast_to(grid, (7001, 60, 1))))
    assert np.all(reached >= heights.max(0) - 1e-4)


@EACH
def test_mode_of_two_numbers_is_no_lower_than_any_sample_around_it(rng, covariance, family, nu):
    mixture = Mixture(2, 3, covariance, family, nu)
    packed, _, locations, _ = packed_mixture(rng, (20,), mixture)
    mode = numpy(mixture.mode(packed, 100))
    reached = numpy(mixture.log_density(packed, mode))
    around = mode + rng.normal(size=(200, 20, 2)).astype("float32") * 0.05
    heights = numpy(mixture.log_density(packed[None], around))
    assert np.all(reached >= heights.max(0) - 1e-4)
    starts = np.moveaxis(locations, 1, 0).astype("float32")
    assert np.all(reached >= numpy(mixture.log_density(packed[None], starts)).max(0) - 1e-4)


def test_mode_is_between_locations_that_overlap():
    mixture = Mixture(1, 2)
    packed = mixture.pack(*map(np.array, ([0.5, 0.5], [[-0.5], [0.5]], [[1.0], [1.0]])))
    mode = numpy(mixture.mode(keras.ops.convert_to_tensor(packed[None], "float32"), 100))
    np.testing.assert_allclose(mode, [[0.0]], atol=1e-4)


def test_temperature_of_samples(rng):
    """Weights go to the power of its inverse, distances by its square root."""
    mixture = Mixture(1, 2)
    weights, locations, scales = np.array([0.2, 0.8]), np.array([[-9.0], [9.0]]), np.ones((2, 1))
    packed = mixture.pack(weights, locations, scales).astype("float32")
    rows = np.broadcast_to(packed, (20_000, 6))
    uniforms = rng.uniform(size=(20_000, 2)).astype("float32")
    for temperature in (0.25, 4.0):
        samples = numpy(mixture.sample(keras.ops.convert_to_tensor(rows), uniforms, temperature))
        powers = weights ** (1 / temperature)
        np.testing.assert_allclose(np.mean(samples > 0), powers[1] / powers.sum(), atol=0.01)
        right = samples[samples > 0]
        if temperature < 1:  # at the higher one some are on the other side
            np.testing.assert_allclose(right.std(), math.sqrt(temperature), rtol=0.02)


def test_a_component_without_weight_is_never_drawn(rng):
    mixture = Mixture(1, 3)
    locations = np.array([[1.0], [2.0], [3.0]])
    packed = mixture.pack(np.array([0.0, 1.0, 0.0]), locations, np.full((3, 1), 1e-3))
    rows = keras.ops.convert_to_tensor(np.broadcast_to(packed, (4, 9)), "float32")
    uniforms = np.array([[0, 0.5], [0.3, 0.5], [0.9, 0.5], [1 - 2**-24, 0.5]], "float32")
    np.testing.assert_allclose(numpy(mixture.sample(rows, uniforms)), np.full((4, 1), 2), atol=1e-5)
    assert np.all(np.isfinite(numpy(mixture.log_density(rows, np.full((4, 1), 1e3, "float32")))))


@EACH
def test_far_targets_have_a_finite_density(covariance, family, nu):
    mixture = Mixture(2, 3, covariance, family, nu)
    rows = mixture.activate(np.zeros((1, mixture.packed_size), "float32"), 1e-3)
    for far in (1e4, -1e4, 1e7):
        value = numpy(mixture.log_density(rows, np.full((1, 2), far, "float32")))
        assert np.all(np.isfinite(value))


def test_targets_are_aligned(rng):
    mixture = Mixture(1, 2)
    packed, *_ = packed_mixture(rng, (3,), mixture)
    flat = rng.normal(size=3)
    np.testing.assert_array_equal(
        numpy(mixture.aligned("target", flat, packed)), flat[:, None].astype("float32")
    )
    with pytest.raises(ValueError, match=r"`target` must have 1 numbers .*shape \(3, 2\)"):
        mixture.aligned("target", np.zeros((3, 2)), packed)
    with pytest.raises(ValueError, match="`target` must have 1 numbers"):
        mixture.aligned("target", np.float32(1), packed)


def test_log_sum_is_that_of_exponentials():
    logs = np.array([[-1e4, -1e4 - 1], [3, -np.inf], [-np.inf, -np.inf], [88, 89]], "float32")
    total, shares = (numpy(part) for part in log_sum(logs))
    e = math.exp(-1)
    expected = [-1e4 + math.log(1 + e), 3, -np.inf, 89 + math.log(1 + e)]
    np.testing.assert_allclose(total, expected, rtol=1e-6)
    np.testing.assert_allclose(
        shares[[0, 1, 3]],
        [[1 / (1 + e), e / (1 + e)], [1, 0], [e / (1 + e), 1 / (1 + e)]],
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "`output_size` must be a positive integer"),
        ((1, 0), "`num_components` must be a positive integer.*num_components=0"),
        ((1, 2, "tied"), "`covariance` must be one of"),
        ((1, 2, "diagonal", "cauchy"), "`family` must be one of.*'cauchy'"),
        ((1, 2, "full", "laplace"), "`covariance` may be 'full' for .*family='laplace'"),
        ((1, 2, "full", "logistic"), "`covariance` may be 'full' for .*family='logistic'"),
        ((1, 2, "diagonal", "student_t", 0), "`degrees_of_freedom` must be a number above 0"),
        ((1, 2, "diagonal", "student_t", math.inf), "`degrees_of_freedom` must be a number"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Mixture(*arguments)
