"""The negative log-likelihood of targets under packed mixtures."""

import keras

from kerasbook import ops as kernels
from kerasbook.losses.negative_log_likelihood import NegativeLogLikelihood


@keras.saving.register_keras_serializable(package="kerasbook")
class MixtureNegativeLogLikelihood(NegativeLogLikelihood):
    """`-log p(y | x)` of each sample under what `kerasbook.layers.MixtureDensity` returned.

    There is one value for each sample, or for each step of each sequence, so that `sample_weight`
    weighs samples. NaN targets are an error that counts them, see `kerasbook.ops.refuse_nan`:
    a `ValueError` eagerly, `tf.errors.InvalidArgumentError` in a graph and so in `fit`; but XLA
    on TensorFlow (`jit_compile=True`) leaves assertions out, and the loss is NaN.

    Args:
        num_components: Components of the mixture, as in the layer.
        covariance: As in the layer.
        family: As in the layer.
        degrees_of_freedom: As in the layer.
        gradient_limit: Greatest length of the gradient of a sample's value with respect to the
            head's output, above 0; longer ones are shortened, and the value is as it is. A normal
            target some hundred scales away reaches 10,000. Without a limit (`None`) one of 10,000
            scales has a gradient of about 1e8, more than layers in float16 below can hold.
        reduction: As in Keras. `"sum_over_batch_size"` divides weighted values by their number,
            `"mean_with_sample_weight"` by the sum of the weights.
        name: Name of the loss.
        dtype: Dtype of the loss, at least float32.

    Call arguments:
        y_true: Targets `(batch, ..., output_size)`; of one number they may lack the last axis.
        y_pred: Output of the head, `(batch, ..., n)`.
        sample_weight: Weights `(batch,)`, of whole sequences too, or of the shape of the values.

    Returns:
        A scalar, or with `reduction=None` values `(batch, ...)` without the last axis.

    Raises:
        ValueError: If an argument is not as described, if `y_true` and `y_pred` do not fit each
            other, or `y_true` holds NaN.

    Example:
        >>> head = kerasbook.layers.MixtureDensity(1, 2)
        >>> output = head.pack([[0.5, 0.5]], [[[-1.0], [1.0]]], [[[1.0], [1.0]]])
        >>> loss = kerasbook.losses.MixtureNegativeLogLikelihood(2)
        >>> round(float(loss(np.array([[0.0]]), output)), 4)  # 0.5 + 0.5 log(2 pi)
        1.4189

    Reference:
        Bishop, 1994, equation (29), https://publications.aston.ac.uk/id/eprint/373/
    """

    def __init__(
        self,
        num_components,
        *,
        covariance="diagonal",
        family="normal",
        degrees_of_freedom=5.0,
        gradient_limit=1e4,
        reduction="sum_over_batch_size",
        name="mixture_negative_log_likelihood",
        dtype=None,
    ):
        super().__init__(gradient_limit=gradient_limit, reduction=reduction, name=name, dtype=dtype)
        # The number of outputs is known from the targets alone; this one checks the others.
        kernels.Mixture(1, num_components, covariance, family, degrees_of_freedom)
        self.num_components = num_components
        self.covariance = covariance
        self.family = family
        self.degrees_of_freedom = degrees_of_freedom

    def mixture(self, y_true, y_pred):
        several = len(y_true.shape) == len(y_pred.shape)
        return kernels.Mixture(
            y_true.shape[-1] if several else 1,
            self.num_components,
            self.covariance,
            self.family,
            self.degrees_of_freedom,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "num_components": self.num_components,
            "covariance": self.covariance,
            "family": self.family,
            "degrees_of_freedom": self.degrees_of_freedom,
        }
