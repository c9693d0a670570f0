"""Densities and mixtures in NumPy, number by number, as the docstrings define them."""

import math

import numpy as np

FAMILIES = [
    ("normal", 5.0),
    ("laplace", 5.0),
    ("logistic", 5.0),
    ("student_t", 3.5),
]
# Every covariance with every family that has it.
KINDS = [(c, *f) for c in ("diagonal", "isotropic") for f in FAMILIES]
KINDS += [("full", *f) for f in FAMILIES if f[0] in ("normal", "student_t")]


def density(z, family, nu):
    """Returns the density of location 0 and scale 1 at one number."""
    if family == "normal":
        return math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    if family == "laplace":
        return math.exp(-abs(z)) / 2
    if family == "logistic":
        return 1 / (math.exp(z / 2) + math.exp(-z / 2)) ** 2
    constant = math.gamma((nu + 1) / 2) / (math.gamma(nu / 2) * math.sqrt(nu * math.pi))
    return constant * (1 + z**2 / nu) ** (-(nu + 1) / 2)


def full_density(y, location, covariance, family, nu):
    """Returns the density of several correlated numbers."""
    size = len(y)
    squared = (y - location) @ np.linalg.inv(covariance) @ (y - location)
    volume = math.sqrt(np.linalg.det(covariance))
    if family == "normal":
        return math.exp(-squared / 2) / ((2 * math.pi) ** (size / 2) * volume)
    constant = math.gamma((nu + size) / 2) / (math.gamma(nu / 2) * (nu * math.pi) ** (size / 2))
    return constant / volume * (1 + squared / nu) ** (-(nu + size) / 2)


def mixture_density(y, weights, locations, scales, covariance, family, nu):
    """Returns the density of one row: `scales` are covariances if full."""
    total = 0.0
    for weight, location, scale in zip(weights, locations, scales, strict=True):
        if covariance == "full":
            total += weight * full_density(y, location, scale, family, nu)
            continue
        product = weight
        for number, place, width in zip(y, location, np.broadcast_to(scale, y.shape), strict=True):
            product *= density((number - place) / width, family, nu) / width
        total += product
    return total


def random_mixture(rng, leading, count, size, covariance):
    """Returns weights, locations and scales of random mixtures, asymmetric in every axis."""
    weights = rng.dirichlet(np.ones(count), leading)
    locations = rng.normal(size=(*leading, count, size), scale=1.5)
    if covariance == "full":
        factors = np.tril(rng.normal(size=(*leading, count, size, size), scale=0.5))
        factors += 0.6 * np.eye(size) * np.sign(factors + (factors == 0))
        return weights, locations, factors @ np.swapaxes(factors, -1, -2)
    width = 1 if covariance == "isotropic" else size
    return weights, locations, rng.uniform(0.3, 1.5, (*leading, count, width))


def scipy_family(stats, family, nu, location, scale):
    """Returns scipy's distribution of one number of a family."""
    if family == "student_t":
        return stats.t(nu, location, scale)
    name = {"normal": "norm", "laplace": "laplace", "logistic": "logistic"}[family]
    return getattr(stats, name)(location, scale)


def scipy_density(stats, y, weights, locations, scales, covariance, family, nu):
    """Returns the density of one row by scipy's own densities."""
    total = 0.0
    for weight, location, scale in zip(weights, locations, scales, strict=True):
        if covariance != "full":
            product = np.prod(scipy_family(stats, family, nu, location, scale).pdf(y))
        elif family == "normal":
            product = stats.multivariate_normal(location, scale).pdf(y)
        else:
            product = stats.multivariate_t(location, scale, df=nu).pdf(y)
        total += weight * product
    return total
