"""Continuous ranked probability score of predicted distributions or ensembles."""

import math

import keras
from keras import ops

from kerasbook.arguments import one_of
from kerasbook.metrics.per_sample_metric import PerSampleMetric, gaussian_of


@keras.saving.register_keras_serializable(package="kerasbook")
class ContinuousRankedProbabilityScore(PerSampleMetric):
    """Averages the distance between predicted distribution functions and the targets' steps.

    `CRPS(F, y) = integral (F(x) - 1[x >= y])^2 dx = E|X - y| - E|X - X'| / 2`, in the targets'
    unit; of a prediction without spread it is the absolute error. Of a normal distribution, with
    `z = (y - m) / s`,

    `CRPS = s (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi))`,

    and of `k` samples that of their own distribution, `1/k sum |x_i - y| - 1/(2 k^2) sum sum |x_i -
    x_j|`, in `k log k` steps. Several outputs are averaged.

    Args:
        predictions: `"gaussian"`: outputs are means and then standard deviations; or `"samples"`:
            their last axis holds an ensemble's predictions, or draws.
        name: Name of the metric.
        dtype: Dtype of the sums.

    Call arguments:
        y_true: Targets `(batch, ..., size)`; of one number `(batch, ...)`, too.
        y_pred: Outputs `(batch, ..., 2 * size)`, or samples `(batch, ..., size, samples)`; of one
            number `(batch, ..., samples)`, too.
        sample_weight: Weights `(batch,)`, or `(batch, ...)` for places.

    Returns:
        `result()` is a scalar, the weighted mean.

    Raises:
        ValueError: If `predictions` is none of the two, shapes do not go together, or targets are
            NaN, see `kerasbook.ops.refuse_nan`.

    Example:
        >>> metric = kerasbook.metrics.ContinuousRankedProbabilityScore("samples")
        >>> float(metric(np.array([1.0]), np.array([[0.0, 4.0]])))  # 2 - 1
        1.0

    Reference:
        Gneiting and Raftery, 2007, equations 20 and 21,
        https://doi.org/10.1198/016214506000001437
    """

    def __init__(
        self, predictions="gaussian", *, name="continuous_ranked_probability_score", dtype=None
    ):
        super().__init__(name, dtype)
        self.predictions = one_of("predictions", predictions, ("gaussian", "samples"))

    def values(self, targets, outputs):
        if self.predictions == "samples":
            return _of_samples(targets, outputs)
        targets, means, scales = gaussian_of(targets, outputs)
        z = (targets - means) / scales
        density = ops.exp(-ops.square(z) / 2) / math.sqrt(2 * math.pi)
        scores = z * ops.erf(z / math.sqrt(2)) + 2 * density - 1 / math.sqrt(math.pi)
        return ops.mean(scales * scores, -1)

    def get_config(self):
        return {**super().get_config(), "predictions": self.predictions}


def _of_samples(targets, samples):
    """Returns the scores, in the shape of the targets."""
    if len(targets.shape) == len(samples.shape) and targets.shape[-1] == 1:
        targets = targets[..., 0]
    sizes = zip(targets.shape, samples.shape, strict=False)
    if len(targets.shape) != len(samples.shape) - 1 or not all(
        one == other or None in (one, other) for one, other in sizes
    ):
        raise ValueError(
            "`y_pred` must hold samples of each target in one more axis, the last. Received: "
            f"y_pred of shape {tuple(samples.shape)}, y_true of shape {tuple(targets.shape)}"
        )
    count = samples.shape[-1]
    # Sorted, the i-th of k numbers is above i - 1 of the others and below k - i.
    weights = (2 * ops.arange(1, count + 1, dtype=samples.dtype) - count - 1) / count**2
    spread = ops.sum(ops.sort(samples, axis=-1) * weights, -1)
    return ops.mean(ops.abs(samples - targets[..., None]), -1) - spread
