"""The hinge loss of one binary support vector machine per class."""

import keras

from kerasbook.losses.attribute_hinge import AttributeHinge
from kerasbook.losses.targets import one_hot_targets


@keras.saving.register_keras_serializable(package="kerasbook")
class OneVersusAllHinge(AttributeHinge):
    """Trains a binary support vector machine for each class, against all others together.

    `loss_i = max(0, margin - s_y) + sum over j != y of max(0, margin + s_j)`, or the sum of their
    squares. The machines know nothing of each other; the class predicted is that of the greatest
    score. `keras.losses.Hinge` on targets of -1 and 1 is this loss divided by the classes.

    Args:
        margin: How far beyond 0 a score has to be, above 0.
        squared: Whether to square each term.
        reduction: Keras' reduction over the samples.
        name: Name of the loss.
        dtype: Dtype of the computation; `None` is Keras' `floatx`.

    Call arguments:
        y_true: Labels `(batch, ...)` or `(batch, ..., 1)`, or one-hot rows `(batch, ..., classes)`.
        y_pred: Scores `(batch, ..., classes)` of 2 or more classes.
        sample_weight: Weights `(batch,)`, of whole sequences too, or `(batch, ...)`.

    Returns:
        The loss, one number unless `reduction` is `None`.

    Raises:
        ValueError: If an argument is out of its range, the shapes do not fit, or labels at hand
            are no classes. Within a graph the loss of such a sample is NaN.

    Example:
        >>> loss = kerasbook.losses.OneVersusAllHinge()
        >>> float(loss(np.array([0]), np.array([[0.5, 0.25, -3.0]])))
        1.75

    Reference:
        Rifkin and Klautau, 2004, section 2, https://www.jmlr.org/papers/v5/rifkin04a.html
    """

    def __init__(
        self,
        margin=1.0,
        *,
        squared=False,
        reduction="sum_over_batch_size",
        name="one_versus_all_hinge",
        dtype=None,
    ):
        super().__init__(margin, squared=squared, reduction=reduction, name=name, dtype=dtype)

    def signs(self, y_true, y_pred):
        """Returns 1 for the class and -1 for the others, in the scores' shape."""
        return 2 * one_hot_targets(y_true, y_pred) - 1
