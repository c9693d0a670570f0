"""Beta, gamma and Dirichlet numbers as functions of uniform ones.

A quantile function takes a uniform number to a number of its distribution, so that draws may be
uniform whatever becomes of them. Both have no formula; they are tabulated, once for each pair of
parameters, in coordinates in which they are nearly straight lines: the logit of a beta number, or
the logarithm of a gamma number, against the logit of the uniform one.
"""

import functools

import numpy as np
from keras import ops

# A uniform number is a multiple of 2^-24 and stands for the middle of the interval that follows
# it; its logit is then within the table, whose steps are a power of two and hence exact.
_HALF_STEP = 2.0**-25
_REACH, _STEPS = 18, 256


def beta_quantile(uniform, alpha, beta):
    """Returns numbers of the beta distribution.

    `x` with `I_x(alpha, beta) = uniform + 2^-25`, the regularized incomplete beta function; for
    parameters of 0.1 and more within 1e-6 of it.

    Args:
        uniform: Float32 tensor, multiples of 2^-24 in [0, 1).
        alpha: First parameter, a number above 0.
        beta: Second parameter, a number above 0.

    Returns:
        Float32 tensor of the shape of `uniform`, in [0, 1].

    Example:
        >>> from kerasbook.augmentation.quantiles import beta_quantile
        >>> np.array(beta_quantile(np.array([0.1, 0.5, 0.9], "float32"), 8, 8)).round(3)
        array([0.342, 0.5  , 0.658], dtype=float32)

    Reference:
        Abramowitz and Stegun, 1964, section 26.5, https://personal.math.ubc.ca/~cbm/aands/
    """
    return ops.sigmoid(_looked_up(uniform, _beta_table(alpha, beta)))


def gamma_quantile(uniform, alpha):
    """Returns numbers of the gamma distribution of scale 1.

    `x` with `P(alpha, x) = uniform + 2^-25`, the regularized incomplete gamma function; for
    `alpha` of 0.1 and more within 2e-5 of it, relatively. For `alpha = 1` that is
    `-log(1 - uniform - 2^-25)`, without a table.

    Args:
        uniform: Float32 tensor, multiples of 2^-24 in [0, 1).
        alpha: Shape parameter, a number above 0.

    Returns:
        Float32 tensor of the shape of `uniform`, not negative.

    Example:
        >>> from kerasbook.augmentation.quantiles import gamma_quantile
        >>> np.array(gamma_quantile(np.array([0.1, 0.5, 0.9], "float32"), 1)).round(3)
        array([0.105, 0.693, 2.303], dtype=float32)

    Reference:
        Abramowitz and Stegun, 1964, section 26.4, https://personal.math.ubc.ca/~cbm/aands/
    """
    return ops.exp(_log_gamma(uniform, alpha))


def dirichlet_quantiles(uniform, alpha):
    """Returns weights of the symmetric Dirichlet distribution, which sum to one.

    Gamma numbers of shape `alpha`, divided by their sum.

    Args:
        uniform: Float32 tensor `(..., weights)`, multiples of 2^-24 in [0, 1).
        alpha: Concentration, a number above 0, the same for each weight.

    Returns:
        Float32 tensor of the shape of `uniform`.

    Example:
        >>> from kerasbook.augmentation.quantiles import dirichlet_quantiles
        >>> weights = dirichlet_quantiles(np.array([[0.1, 0.5, 0.9]], "float32"), 1)
        >>> np.array(weights).round(3)
        array([[0.034, 0.224, 0.743]], dtype=float32)

    Reference:
        Devroye, 1986, section XI.4, http://luc.devroye.org/rnbookindex.html
    """
    # By logarithms, as all gamma numbers of a small shape may be too small for a float.
    return ops.softmax(_log_gamma(uniform, alpha), axis=-1)


def _log_gamma(uniform, alpha):
    if alpha == 1:
        below, above = _masses(uniform)
        return ops.log(-ops.where(below < 0.5, ops.log1p(-below), ops.log(above)))
    return _looked_up(uniform, _gamma_table(alpha))


def _masses(uniform):
    """Returns the probabilities below and above, both without cancellation."""
    uniform = ops.cast(uniform, "float32")
    return uniform + _HALF_STEP, (1 - uniform) - _HALF_STEP


def _looked_up(uniform, table):
    below, above = _masses(uniform)
    place = (ops.log(below) - ops.log(above)) * _STEPS
    cell = ops.clip(ops.floor(place), -_REACH * _STEPS, _REACH * _STEPS - 1)
    index = ops.cast(cell, "int32") + _REACH * _STEPS
    table = ops.convert_to_tensor(table)
    first, last = ops.take(table, index), ops.take(table, index + 1)
    return first + (place - cell) * (last - first)


@functools.lru_cache(maxsize=64)
def _beta_table(alpha, beta):
    # The logit y of a beta number has the density e^(alpha y) / (1 + e^y)^(alpha + beta).
    return _table(
        lambda y: alpha * y - (alpha + beta) * np.logaddexp(0, y),
        np.log(alpha / beta),
        np.sqrt(1 / alpha + 1 / beta),
    )


@functools.lru_cache(maxsize=64)
def _gamma_table(alpha):
    # The logarithm y of a gamma number has the density e^(alpha y - e^y).
    return _table(lambda y: alpha * y - np.exp(y), np.log(alpha), np.sqrt(1 / alpha))


def _table(log_density, mode, width):
    """Returns the quantiles of a density at equally spaced logits of probability.

    Args:
        log_density: Function on NumPy arrays, the logarithm of the density up to a constant.
        mode: Where it is greatest.
        width: How far from there it falls noticeably.

    Returns:
        Float32 array.
    """
    # Cells grow away from the mode, and reach as far as any exponential tail that matters.
    edges = np.linspace(-25, 25, 2**15 + 1)
    points, weights = np.polynomial.legendre.leggauss(4)
    half = (edges[1] - edges[0]) / 2
    inner = (edges[:-1] + half)[:, None] + half * points
    scale = min(1, width)
    with np.errstate(over="ignore"):
        heights = log_density(mode + scale * np.sinh(inner)) - log_density(mode)
    masses = (np.exp(heights) * np.cosh(inner)) @ weights
    # Sums from either side, so that both tails are relatively exact; their total cancels out.
    below, above = np.cumsum(masses)[:-1], np.cumsum(masses[::-1])[-2::-1]
    seen = (below > 1e-12 * above) & (above > 1e-12 * below)
    logit = np.log(below[seen]) - np.log(above[seen])
    quantile = mode + scale * np.sinh(edges[1:-1][seen])
    nodes = np.arange(-_REACH * _STEPS, _REACH * _STEPS + 1) / _STEPS
    return np.interp(nodes, logit, quantile).astype("float32")
