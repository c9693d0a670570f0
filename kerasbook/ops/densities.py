"""Densities of one number on the whole line: normal, Laplace, logistic and Student's t.

All are those of location 0 and scale 1; `z` is the distance from the location in scales.
"""

import functools
import math

import numpy as np
from keras import ops

FAMILIES = ("normal", "laplace", "student_t", "logistic")
_NODES = 32  # of the quadrature behind Student's distribution function
_NEARLY_NORMAL = 50  # degrees of freedom
_CLOSEST = 2.0**-24  # of a uniform number to 0 and 1, half a step of float32 draws


def log_density(z, family="normal", degrees_of_freedom=None):
    """Returns the logarithm of the standard density of a family.

    Args:
        z: Float tensor.
        family: `"normal"`, `"laplace"`, `"student_t"` or `"logistic"`.
        degrees_of_freedom: Number above 0 for `"student_t"`; the others have none.

    Returns:
        Tensor like `z`.
    """
    return log_shape(z, family, degrees_of_freedom) + log_center(family, degrees_of_freedom)


def log_shape(z, family="normal", degrees_of_freedom=None):
    """Returns the log density less that at the center, `log_center`."""
    if family == "normal":
        return -0.5 * ops.square(z)
    if family == "laplace":
        return -ops.abs(z)
    if family == "logistic":
        distance = ops.abs(z)
        return 2 * math.log(2) - distance - 2 * ops.softplus(-distance)
    tail = ops.log1p(ops.square(z) / degrees_of_freedom)
    return -0.5 * (degrees_of_freedom + 1) * tail


def log_center(family="normal", degrees_of_freedom=None, size=1):
    """Returns the log density at the center, of Student's t that of `size` numbers, a float."""
    if family == "student_t":
        nu = degrees_of_freedom
        log_gammas = math.lgamma((nu + size) / 2) - math.lgamma(nu / 2)
        return log_gammas - size / 2 * math.log(nu * math.pi)
    return {
        "normal": -0.5 * math.log(2 * math.pi),
        "laplace": -math.log(2),
        "logistic": -2 * math.log(2),
    }[family]


def cumulative(z, family="normal", degrees_of_freedom=None):
    """Returns the probability of a number below `z`; the arguments are those of `log_density`."""
    if family == "normal":
        return 0.5 + 0.5 * ops.erf(z * math.sqrt(0.5))
    if family == "logistic":
        return ops.sigmoid(z)
    if family == "laplace":
        beyond = 0.5 * ops.exp(-ops.abs(z))
    elif degrees_of_freedom > _NEARLY_NORMAL:
        return cumulative(_normalized(z, degrees_of_freedom))
    else:
        beyond = _student_tail(ops.abs(z), degrees_of_freedom)
    return ops.where(z < 0, beyond, 1 - beyond)


def _normalized(z, nu):
    """Returns normal numbers as improbable as those of Student's t.

    Hill, 1970, algorithm 395, https://doi.org/10.1145/355598.355599: the first two terms of an
    expansion in `1 / (nu - 1/2)^2`.
    """
    a = nu - 0.5
    squared = ops.clip(ops.square(z), 1e-12, 1e30)  # a quotient and a slope at zero, too
    w = z * ops.sqrt(a * ops.log1p(squared / nu) / squared)
    return w + w * (ops.square(w) + 3) / (48 * a**2)


def _student_tail(z, nu):
    """Returns the probability of Student's t above `z >= 0`.

    With `a = atan(sqrt(nu) / z)` it is `c a^nu` times the integral over `s` in [0, 1] of
    `s^(nu - 1) (sin(a s) / (a s))^(nu - 1)`; `c` is the density at the center times `sqrt(nu)`.
    What follows `s^(nu - 1)` is smooth, and that power is the weight of the quadrature.
    """
    nodes, weights = _power_quadrature(nu)
    angle = ops.arctan2(ops.full_like(z, math.sqrt(nu)), z)
    turned = angle[..., None] * ops.cast(nodes, z.dtype)
    logs = (nu - 1) * ops.log(ops.sin(turned) / turned)
    log_weights = ops.cast(np.log(weights), z.dtype)
    constant = log_center("student_t", nu) + 0.5 * math.log(nu)
    return ops.exp(constant + nu * ops.log(angle) + ops.logsumexp(logs + log_weights, axis=-1))


@functools.cache
def _power_quadrature(nu):
    """Returns nodes and weights of Gauss for integrals of `s^(nu - 1) f(s)` over [0, 1].

    Golub and Welsch, 1969: eigenvalues of the recurrence of the Jacobi polynomials.
    """
    n = np.arange(_NODES)
    b = nu - 1.0  # the exponent; the one at the other end is 0
    with np.errstate(invalid="ignore"):  # 0 / 0 at n = 0, replaced below
        diagonal = b**2 / ((2 * n + b) * (2 * n + b + 2))
    diagonal[0] = b / (b + 2)
    n = n[1:]
    squares = 4 * n**2 * (n + b) ** 2 / ((2 * n + b) ** 2 * (2 * n + b + 1) * (2 * n + b - 1))
    squares[0] = 4 * (1 + b) / ((2 + b) ** 2 * (3 + b))  # 0 / 0 where nu is 1
    beside = np.sqrt(squares)
    matrix = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    nodes, vectors = np.linalg.eigh(matrix)
    return (nodes + 1) / 2, vectors[0] ** 2 / nu


def num_uniforms(family):
    """Returns how many uniform numbers `deviations` needs for one of its own."""
    return 2 if family == "student_t" else 1


def deviations(uniforms, family="normal", degrees_of_freedom=None):
    """Turns numbers of the uniform distribution on [0, 1) into ones of a family.

    Normal, Laplace and logistic numbers are the quantiles of theirs. Student's come from two by
    Bailey's polar method (1994, https://doi.org/10.2307/2153537), exactly and for any degrees
    of freedom.

    Args:
        uniforms: Tensor `(..., num_uniforms(family))`.
        family: See `log_density`.
        degrees_of_freedom: Number above 0, or a tensor that broadcasts to the result.

    Returns:
        Tensor `(...)`, where `uniforms` is `(..., n)`.
    """
    u = ops.clip(uniforms[..., 0], _CLOSEST, 1 - _CLOSEST)
    if family == "normal":
        return math.sqrt(2) * ops.erfinv(2 * u - 1)
    if family == "logistic":
        return ops.log(u) - ops.log1p(-u)
    if family == "laplace":
        side = u - 0.5
        return -ops.sign(side) * ops.log1p(-2 * ops.abs(side))
    nu = degrees_of_freedom
    length = ops.sqrt(nu * ops.expm1(-2 / nu * ops.log(u)))
    return length * ops.cos(2 * math.pi * uniforms[..., 1])


def variance_factor(family="normal", degrees_of_freedom=None):
    """Returns the variance at scale 1; infinite for Student's t of at most 2 degrees of freedom.

    Raises:
        ValueError: If Student's t has at most 1 degree of freedom, and with it no variance.
    """
    if family == "student_t":
        require_mean(family, degrees_of_freedom)
        nu = degrees_of_freedom
        return nu / (nu - 2) if nu > 2 else math.inf
    return {"normal": 1.0, "laplace": 2.0, "logistic": math.pi**2 / 3}[family]


def require_mean(family, degrees_of_freedom):
    """Raises a `ValueError` for Student's t without a mean."""
    if family == "student_t" and degrees_of_freedom <= 1:
        raise ValueError(
            "`degrees_of_freedom` must be above 1 for a mean or a variance. Received: "
            f"degrees_of_freedom={degrees_of_freedom}"
        )


def pull(squared, family="normal", degrees_of_freedom=None, size=1):
    """Returns the slope of the log density towards the location, divided by the distance.

    Args:
        squared: Tensor of squared distances `z^2`, for Student's t of several numbers their sum.
        family: See `log_density`.
        degrees_of_freedom: See `log_density`.
        size: How many numbers a distance is over.

    Returns:
        Tensor like `squared`.
    """
    if family == "normal":
        return ops.ones_like(squared)
    if family == "student_t":
        return (degrees_of_freedom + size) / (degrees_of_freedom + squared)
    distance = ops.sqrt(ops.maximum(squared, 1e-12))
    return (1 if family == "laplace" else ops.tanh(distance / 2)) / distance
