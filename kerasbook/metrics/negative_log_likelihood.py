"""Mean negative log-likelihood of targets under predicted distributions."""

import math

import keras
from keras import ops

from kerasbook.metrics.per_sample_metric import PerSampleMetric, gaussian_of


@keras.saving.register_keras_serializable(package="kerasbook")
class NegativeLogLikelihood(PerSampleMetric):
    """Averages `-log p(y)`, in nats, over the samples.

    Of independent normal distributions

    `-log p(y) = sum(log(s) + (y - m)^2 / (2 s^2) + log(2 pi) / 2)` over the outputs;

    of a head with a method `log_prob(output, target)`, such as `kerasbook.layers.MixtureDensity`,
    what that says. As a metric it stays comparable where the loss has further terms, such as the
    divergence of `kerasbook.layers.BayesianDense`.

    Args:
        head: Layer whose `log_prob` is taken; the metric asks its arguments, not its weights.
            `None` takes the outputs for means and then standard deviations, `(batch, ..., 2 *
            size)`.
        name: Name of the metric.
        dtype: Dtype of the sums.

    Call arguments:
        y_true: Targets `(batch, ..., size)`; of one number `(batch, ...)`, too.
        y_pred: Outputs of the head.
        sample_weight: Weights `(batch,)`, or `(batch, ...)` for places.

    Returns:
        `result()` is a scalar, the weighted mean.

    Raises:
        ValueError: If `head` has no `log_prob`, shapes do not go together, or, outside a compiled
            step, targets are NaN.

    Example:
        >>> metric = kerasbook.metrics.NegativeLogLikelihood()
        >>> round(float(metric(np.array([1.0]), np.array([[1.0, 2.0]]))), 3)  # log(2 sqrt(2 pi))
        1.612

    Reference:
        Gneiting and Raftery, 2007, section 4.1, https://doi.org/10.1198/016214506000001437
    """

    def __init__(self, head=None, *, name="negative_log_likelihood", dtype=None):
        super().__init__(name, dtype)
        if head is not None and not hasattr(head, "log_prob"):
            raise ValueError(
                "`head` must have a method `log_prob`, or be None. "
                f"Received: head={getattr(head, 'name', head)!r} of class {type(head).__name__}"
            )
        self.head = head

    def values(self, targets, outputs):
        if self.head is not None:
            return -self.head.log_prob(outputs, targets)
        targets, means, scales = gaussian_of(targets, outputs)
        squares = ops.square((targets - means) / scales)
        return ops.sum(ops.log(scales) + (squares + math.log(2 * math.pi)) / 2, -1)

    def get_config(self):
        return {**super().get_config(), "head": keras.saving.serialize_keras_object(self.head)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "head": keras.saving.deserialize_keras_object(config["head"])})
