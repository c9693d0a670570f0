"""The hinge loss of several attributes, each with a support vector machine of its own."""

import keras
from keras import ops

from kerasbook.losses.hinge_loss import HingeLoss
from kerasbook.losses.targets import attribute_targets


@keras.saving.register_keras_serializable(package="kerasbook")
class AttributeHinge(HingeLoss):
    """Asks that the scores of present attributes be high and those of absent ones low.

    `loss_i = sum over j of max(0, margin - y_j f_j)` with `y_j = 1` if the attribute is present
    and `-1` if not, or the sum of their squares.

    `keras.losses.Hinge` and `SquaredHinge` take the mean over the attributes, with a margin of 1,
    and decide from the whole batch whether its targets are 0 and 1 or -1 and 1. Here each target
    is read by itself: 1 is present, 0 and -1 are absent.

    Args:
        margin: How far beyond 0 a score has to be, above 0.
        squared: Whether to square each term.
        reduction: Keras' reduction over the samples.
        name: Name of the loss.
        dtype: Dtype of the computation; `None` is Keras' `floatx`.

    Call arguments:
        y_true: Targets of the shape of `y_pred`: 1 for present, 0 or -1 for absent.
        y_pred: Scores `(batch, ..., attributes)`.
        sample_weight: Weights `(batch,)`, of whole sequences too, or `(batch, ...)`.

    Returns:
        The loss, one number unless `reduction` is `None`.

    Raises:
        ValueError: If an argument is out of its range, the shapes differ, or targets at hand are
            other numbers.

    Example:
        >>> loss = kerasbook.losses.AttributeHinge()
        >>> float(loss(np.array([[1, -1, -1]]), np.array([[0.5, 0.25, -3.0]])))
        1.75

    Reference:
        The notes of CS231n, https://cs231n.github.io/neural-networks-2/#losses
    """

    def __init__(
        self,
        margin=1.0,
        *,
        squared=False,
        reduction="sum_over_batch_size",
        name="attribute_hinge",
        dtype=None,
    ):
        super().__init__(margin, squared=squared, reduction=reduction, name=name, dtype=dtype)

    def lack(self, y_true, y_pred):
        """Returns what each score lacks on its side of 0, in the scores' shape."""
        return ops.relu(self.margin - self.signs(y_true, y_pred) * y_pred)

    def signs(self, y_true, y_pred):
        """Returns 1 for what is present and -1 for what is not, in the scores' shape."""
        return attribute_targets(y_true, y_pred, lowest=-1)
