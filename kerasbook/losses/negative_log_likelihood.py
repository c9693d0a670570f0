"""What the losses share that are the negative log-likelihood of a packed distribution."""

from kerasbook import ops as kernels
from kerasbook.layers.arguments import number_of
from kerasbook.losses.per_sample_loss import PerSampleLoss


class NegativeLogLikelihood(PerSampleLoss):
    """Base of losses of packed outputs; the arguments are described in the mixture's.

    A subclass returns the distribution by the method `mixture(y_true, y_pred)`.
    """

    def __init__(self, *, gradient_limit, reduction, name, dtype):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if gradient_limit is not None:
            number_of("gradient_limit", gradient_limit, "None or above 0", lambda v: v > 0)
        self.gradient_limit = gradient_limit

    def call(self, y_true, y_pred):
        mixture = self.mixture(y_true, y_pred)
        return kernels.negative_log_likelihood(mixture, y_true, y_pred, self.gradient_limit)

    def get_config(self):
        return {**super().get_config(), "gradient_limit": self.gradient_limit}
