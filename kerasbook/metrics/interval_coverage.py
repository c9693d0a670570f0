"""Share of targets within the predicted distributions' central intervals."""

import statistics

import keras
from keras import ops

from kerasbook.metrics.per_sample_metric import HeadMetric, gaussian_of


@keras.saving.register_keras_serializable(package="kerasbook")
class IntervalCoverage(HeadMetric):
    """Averages whether targets lie within the central interval of predicted distributions.

    `(1 - level) / 2 <= F(y) <= (1 + level) / 2`; of a normal distribution `|y - m| <= q s` with
    `q = Phi^-1((1 + level) / 2)`, 1.96 for 95 %. Where the predictions are right the share is
    `level`; below it they are too sure. Several outputs are averaged.

    Args:
        level: Probability of the interval, in (0, 1).
        head: Layer with a method `cdf(output, target)`, such as `kerasbook.layers.MixtureDensity`.
            `None` takes the outputs for means and then standard deviations, as those of
            `kerasbook.layers.GaussianHead`.
        name: Name of the metric.
        dtype: Dtype of the sums.

    Call arguments:
        y_true: Targets `(batch, ..., size)`; of one number `(batch, ...)`, too.
        y_pred: Outputs of the head, or `(batch, ..., 2 * size)`.
        sample_weight: Weights `(batch,)`, or `(batch, ...)` for places.

    Returns:
        `result()` is a scalar in [0, 1], the weighted share.

    Raises:
        ValueError: If `level` is not in (0, 1), `head` has no `cdf`, shapes do not go together, or
            targets are NaN, see `kerasbook.ops.refuse_nan`.

    Example:
        >>> metric = kerasbook.metrics.IntervalCoverage(0.95)
        >>> outputs = np.array([[0.0, 1.0], [0.0, 1.0]])
        >>> float(metric(np.array([1.9, 2.0]), outputs))
        0.5

    Reference:
        Gneiting, Balabdaoui and Raftery, 2007, section 3.4,
        https://doi.org/10.1111/j.1467-9868.2007.00587.x
    """

    method = "cdf"

    def __init__(self, level=0.95, *, head=None, name="interval_coverage", dtype=None):
        super().__init__(head, name, dtype)
        if not isinstance(level, float) or not 0 < level < 1:
            raise ValueError(f"`level` must be in (0, 1). Received: level={level!r}")
        self.level = level

    def values(self, targets, outputs):
        if self.head is not None:
            inside = ops.abs(self.head.cdf(outputs, targets) - 0.5) <= self.level / 2
        else:
            targets, means, scales = gaussian_of(targets, outputs)
            reach = statistics.NormalDist().inv_cdf((1 + self.level) / 2)
            inside = ops.abs(targets - means) <= reach * scales
        return ops.mean(ops.cast(inside, "float32"), -1)

    def get_config(self):
        return {**super().get_config(), "level": self.level}
