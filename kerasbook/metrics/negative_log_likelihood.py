"""Mean negative log-likelihood of targets under predicted distributions."""

import keras

from kerasbook.metrics.per_sample_metric import HeadMetric, gaussian_of
from kerasbook.ops import Mixture


@keras.saving.register_keras_serializable(package="kerasbook")
class NegativeLogLikelihood(HeadMetric):
    """Averages `-log p(y)`, in nats, over the samples.

    Of independent normal distributions

    `-log p(y) = sum(log(s) + (y - m)^2 / (2 s^2) + log(2 pi) / 2)` over the outputs;

    of a head with a method `log_prob(output, target)`, such as `kerasbook.layers.MixtureDensity`,
    what that says. As a metric it stays comparable where the loss has further terms, such as the
    divergence of `kerasbook.layers.BayesianDense`.

    Args:
        head: Layer whose `log_prob` is taken. `None` takes the outputs for means and then standard
            deviations, `(batch, ..., 2 * size)`, as those of `kerasbook.layers.GaussianHead`.
        name: Name of the metric.
        dtype: Dtype of the sums.

    Call arguments:
        y_true: Targets `(batch, ..., size)`; of one number `(batch, ...)`, too.
        y_pred: Outputs of the head.
        sample_weight: Weights `(batch,)`, or `(batch, ...)` for places.

    Returns:
        `result()` is a scalar, the weighted mean.

    Raises:
        ValueError: If `head` has no `log_prob`, shapes do not go together, or targets are NaN, see
            `kerasbook.ops.refuse_nan`.

    Example:
        >>> metric = kerasbook.metrics.NegativeLogLikelihood()
        >>> round(float(metric(np.array([1.0]), np.array([[1.0, 2.0]]))), 3)  # log(2 sqrt(2 pi))
        1.612

    Reference:
        Gneiting and Raftery, 2007, section 4.1, https://doi.org/10.1198/016214506000001437
    """

    method = "log_prob"

    def __init__(self, head=None, *, name="negative_log_likelihood", dtype=None):
        super().__init__(head, name, dtype)

    def values(self, targets, outputs):
        if self.head is not None:
            return -self.head.log_prob(outputs, targets)
        targets, *_ = gaussian_of(targets, outputs)
        return -Mixture(targets.shape[-1]).log_density(outputs, targets)
