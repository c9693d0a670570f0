"""Expectation maximization of a mixture of linear experts, in NumPy and float64."""

import dataclasses
import math

import numpy as np

from kerasbook.ops.k_means import k_means, nearest_centers

_NEWTON_STEPS = 3  # of the gate in one maximization; any step up will do
_HALVINGS = 30
_FIRST_SHARE = 0.9  # of a sample's own cluster in the responsibilities to begin with


@dataclasses.dataclass(frozen=True)
class LinearExperts:
    """`p(y | x) = sum_k softmax(x V)_k N(y | x W_k, scale_k^2)`.

    Attributes:
        gate: `V`, `(features, experts)`.
        experts: `W`, `(experts, features, outputs)`.
        scales: Standard deviations, `(experts, outputs)`, or `(experts, 1)` if isotropic.
    """

    gate: np.ndarray
    experts: np.ndarray
    scales: np.ndarray

    def log_joint(self, x, y):
        """Returns the logarithm of `p(k, y | x)`, `(samples, experts)`."""
        distances = (y - self.means(x)) / self.scales[:, None]  # (experts, samples, outputs)
        logs = -0.5 * np.square(distances) - np.log(self.scales)[:, None]
        constant = 0.5 * y.shape[1] * math.log(2 * math.pi)
        return log_softmax(x @ self.gate) + logs.sum(2).T - constant

    def means(self, x):
        """Returns what the experts say, `(experts, samples, outputs)`."""
        return np.einsum("nf,kfo->kno", x, self.experts)

    def log_likelihood(self, x, y):
        """Returns the mean log-likelihood of the samples."""
        return float(log_sum_exp(self.log_joint(x, y)).mean())

    def responsibilities(self, x, y):
        """Returns `p(k | x, y)`, `(samples, experts)`."""
        return np.exp(log_softmax(self.log_joint(x, y)))


def log_sum_exp(logs):
    """Returns the logarithm of the sums of exponentials of rows, `(rows,)`."""
    largest = logs.max(1)
    return largest + np.log(np.exp(logs - largest[:, None]).sum(1))


def log_softmax(logs):
    """Returns the rows less the logarithm of their sums of exponentials."""
    return logs - log_sum_exp(logs)[:, None]


def maximize(model, x, y, responsibilities, min_scale):
    """Returns a model under which the expected log-likelihood is greater, or as great.

    The experts and scales are the best ones: weighted least squares, and standard deviations no
    smaller than `min_scale`. The gate moves uphill by Newton's steps, as far as that holds. So this
    is a generalized maximization: with the responsibilities of `model` the log-likelihood
    can't fall, if the scales of `model` are no smaller than `min_scale` either.
    """
    experts, scales = model.experts.copy(), model.scales.copy()
    for k, shares in enumerate(responsibilities.T):
        total = shares.sum()
        if total < 1e-9:  # nothing says where this expert should be
            continue
        roots = np.sqrt(shares)[:, None]
        solution = np.linalg.lstsq(roots * x, roots * y, rcond=None)[0]
        before, after = (
            shares @ np.square(y - x @ weights) for weights in (experts[k], solution)
        )  # (outputs,)
        better = after < before  # but for rounding always
        experts[k] = np.where(better, solution, experts[k])
        variance = np.minimum(after, before) / total
        if scales.shape[1] == 1:
            variance = variance.mean(keepdims=True)
        scales[k] = np.maximum(np.sqrt(variance), min_scale)
    return LinearExperts(climb(model.gate, x, responsibilities), experts, scales)


def climb(gate, x, responsibilities):
    """Returns gate weights with a greater mean of `sum_k r_k log softmax(x V)_k`.

    Newton's direction (iteratively reweighted least squares), halved until it leads uphill. As
    the mean is concave, a short enough step of it always does.
    """

    def value(weights):
        return float((responsibilities * log_softmax(x @ weights)).sum(1).mean())

    best = value(gate)
    for _ in range(_NEWTON_STEPS):
        direction = _newton_direction(gate, x, responsibilities)
        for halvings in range(_HALVINGS):
            moved = gate + direction / 2**halvings
            reached = value(moved)
            if reached > best:
                break
        else:
            break
        gate, best = moved, reached
    return gate


def _newton_direction(gate, x, responsibilities):
    probabilities = np.exp(log_softmax(x @ gate))
    (samples, features), experts = x.shape, gate.shape[1]
    slope = x.T @ (responsibilities - probabilities) / samples  # (features, experts)
    curvature = np.empty((experts, features, experts, features))
    for k in range(experts):
        for other in range(k + 1):
            weights = probabilities[:, k] * ((k == other) - probabilities[:, other])
            block = (x * weights[:, None]).T @ x / samples
            curvature[k, :, other], curvature[other, :, k] = block, block
    size = experts * features
    curvature = curvature.reshape(size, size)
    # All experts' weights may move together without a change: there is no curvature that way.
    damping = 1e-9 * np.trace(curvature) / size + 1e-12
    direction = np.linalg.solve(curvature + damping * np.eye(size), slope.T.ravel())
    return direction.reshape(experts, features).T


def begin(x, y, num_experts, isotropic, min_scale, seed):
    """Returns a model to begin with, whose experts are each for a cluster of inputs and targets."""
    rows = np.concatenate([x, y], axis=1)
    spread = rows.std(0)
    rows = rows / np.where(spread > 0, spread, 1)
    nearest, _ = nearest_centers(rows, k_means(rows, num_experts, seed=seed)[0])
    shares = _FIRST_SHARE * np.eye(num_experts)[nearest] + (1 - _FIRST_SHARE) / num_experts
    outputs = y.shape[1]
    model = LinearExperts(
        np.zeros((x.shape[1], num_experts)),
        np.zeros((num_experts, x.shape[1], outputs)),
        np.ones((num_experts, 1 if isotropic else outputs)),
    )
    return maximize(model, x, y, shares, min_scale)


def climb_likelihood(model, x, y, *, min_scale, num_iterations, tolerance):
    """Returns a model after turns of responsibilities and `maximize`, and its log-likelihoods."""
    model = dataclasses.replace(model, scales=np.maximum(model.scales, min_scale))
    history = [model.log_likelihood(x, y)]
    for _ in range(num_iterations):
        moved = maximize(model, x, y, model.responsibilities(x, y), min_scale)
        reached = moved.log_likelihood(x, y)
        if reached < history[-1]:  # by rounding, at the top
            break
        model = moved
        history.append(reached)
        if history[-1] - history[-2] < tolerance:
            break
    return model, history


def fit_linear_experts(
    x,
    y,
    num_experts,
    *,
    model=None,
    use_bias=True,
    isotropic=True,
    min_scale=1e-3,
    num_iterations=100,
    tolerance=1e-6,
    seed=None,
):
    """Fits a mixture of linear experts to samples by expectation maximization.

    It works on inputs and targets of mean 0 (with biases) and deviation 1, so that neither their
    units nor their distance from the origin matter.

    Args:
        x: Array `(samples, features)`.
        y: Array `(samples, outputs)`.
        num_experts: Number of experts, at most as many as samples.
        model: `LinearExperts` to begin with; `None` begins with clusters.
        use_bias: Whether gate and experts have a bias, the last of their features.
        isotropic: Whether an expert has one standard deviation for all outputs.
        min_scale: Smallest standard deviation.
        num_iterations: Greatest number of iterations.
        tolerance: They end when the mean log-likelihood rises by less.
        seed: Integer seed of the clusters; `None` draws a fresh one.

    Returns:
        `LinearExperts`, and the list of mean log-likelihoods: to begin with, and after each
        iteration. It never falls.

    Reference:
        Jordan and Jacobs, 1994, https://doi.org/10.1162/neco.1994.6.2.181
    """
    features, outputs = x.shape[1], y.shape[1]
    spread = x.std(0)
    to_standard = np.diag(1 / np.where(spread > 0, spread, 1))
    origin = np.zeros((features, outputs))
    if use_bias:
        bottom = -x.mean(0) @ to_standard
        to_standard = np.block([[to_standard, np.zeros((features, 1))], [bottom, np.ones(1)]])
        x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
        origin = np.concatenate([origin, y.mean(0, keepdims=True)])
    unit = float(np.sqrt(np.square(y - y.mean(0)).mean())) or 1.0
    x, y = x @ to_standard, (y - (y.mean(0) if use_bias else 0)) / unit
    if model is None:
        model = begin(x, y, num_experts, isotropic, min_scale / unit, seed)
    else:
        model = LinearExperts(
            np.linalg.solve(to_standard, model.gate),
            np.stack([np.linalg.solve(to_standard, w - origin) / unit for w in model.experts]),
            model.scales / unit,
        )
    model, history = climb_likelihood(
        model,
        x,
        y,
        min_scale=min_scale / unit,
        num_iterations=num_iterations,
        tolerance=tolerance,
    )
    fitted = LinearExperts(
        to_standard @ model.gate,
        unit * (to_standard @ model.experts) + origin,
        unit * model.scales,
    )
    return fitted, [value - outputs * math.log(unit) for value in history]
