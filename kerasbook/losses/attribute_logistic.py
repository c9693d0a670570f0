"""The logistic loss of several attributes."""

import keras
from keras import ops

from kerasbook.losses.per_sample_loss import PerSampleLoss
from kerasbook.losses.targets import attribute_targets


@keras.saving.register_keras_serializable(package="kerasbook")
class AttributeLogistic(PerSampleLoss):
    """Trains a logistic classifier for each attribute.

    `loss_i = -sum over j of (y_j log sigmoid(f_j) + (1 - y_j) log(1 - sigmoid(f_j)))`, with
    `y_j = 1` if the attribute is present and 0 if not, so that its gradient is `sigmoid(f) - y`.
    It is computed from the scores `f`, and finite for all of them.

    `keras.losses.BinaryCrossentropy(from_logits=True)` is the mean over the attributes, not the
    sum, so that the gradient of each grows smaller the more there are.

    Args:
        reduction: Keras' reduction over the samples.
        name: Name of the loss.
        dtype: Dtype of the computation; `None` is Keras' `floatx`.

    Call arguments:
        y_true: Targets of the shape of `y_pred`: 1 for present, 0 or -1 for absent, or a
            probability between 0 and 1.
        y_pred: Scores `(batch, ..., attributes)`, before the sigmoid.
        sample_weight: Weights `(batch,)`, of whole sequences too, or `(batch, ...)`.

    Returns:
        The loss, one number unless `reduction` is `None`.

    Raises:
        ValueError: If the shapes differ, or targets at hand are other numbers.

    Example:
        >>> loss = kerasbook.losses.AttributeLogistic()
        >>> round(float(loss(np.array([[1, 0]]), np.zeros((1, 2)))), 4)  # 2 log 2
        1.3863

    Reference:
        The notes of CS231n, https://cs231n.github.io/neural-networks-2/#losses, which print the
        log-likelihood and its gradient, `y - sigmoid(f)`: the loss is the negative of both.
    """

    def __init__(self, *, reduction="sum_over_batch_size", name="attribute_logistic", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        present = attribute_targets(y_true, y_pred, lowest=0, fractions=True)
        return ops.sum(ops.binary_crossentropy(present, y_pred, from_logits=True), -1)
