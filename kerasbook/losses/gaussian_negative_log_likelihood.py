"""The negative log-likelihood of targets under packed normal distributions."""

import keras

from kerasbook import ops as kernels
from kerasbook.losses.negative_log_likelihood import NegativeLogLikelihood


@keras.saving.register_keras_serializable(package="kerasbook")
class GaussianNegativeLogLikelihood(NegativeLogLikelihood):
    """`-log N(y | mean, scale^2)` of each sample under what `GaussianHead` returned.

    The sum over the outputs of `0.5 ((y - mean) / scale)^2 + log(scale) + 0.5 log(2 pi)`, one value
    for each sample or each step of each sequence, so that `sample_weight` weighs samples. NaN
    targets are an error, see `MixtureNegativeLogLikelihood`.

    Args:
        gradient_limit: See `MixtureNegativeLogLikelihood`; `None` for no limit.
        reduction: See `MixtureNegativeLogLikelihood`.
        name: Name of the loss.
        dtype: Dtype of the loss, at least float32.

    Call arguments:
        y_true: Targets `(batch, ..., output_size)`; of one number they may lack the last axis.
        y_pred: Output of the head, `(batch, ..., 2 * output_size)`.
        sample_weight: Weights `(batch,)`, or of the shape of the values.

    Returns:
        A scalar, or with `reduction=None` values `(batch, ...)` without the last axis.

    Raises:
        ValueError: If `gradient_limit` is neither `None` nor above 0, if `y_true` and `y_pred` do
            not fit each other, or `y_true` holds NaN.

    Example:
        >>> loss = kerasbook.losses.GaussianNegativeLogLikelihood()
        >>> mean_and_scale = np.array([[1.0, 2.0]])
        >>> round(float(loss(np.array([[5.0]]), mean_and_scale)), 4)  # 2 + log 2 + 0.5 log(2 pi)
        3.6121

    Reference:
        Nix and Weigend, 1994, https://doi.org/10.1109/ICNN.1994.374138
    """

    def __init__(
        self,
        *,
        gradient_limit=1e4,
        reduction="sum_over_batch_size",
        name="gaussian_negative_log_likelihood",
        dtype=None,
    ):
        super().__init__(gradient_limit=gradient_limit, reduction=reduction, name=name, dtype=dtype)

    def mixture(self, y_true, y_pred):
        return kernels.Mixture(max(1, y_pred.shape[-1] // 2))
