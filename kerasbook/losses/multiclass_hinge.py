"""The hinge loss of the multiclass support vector machine."""

import keras
from keras import ops

from kerasbook.losses.hinge_loss import HingeLoss
from kerasbook.losses.targets import one_hot_targets


@keras.saving.register_keras_serializable(package="kerasbook")
class MulticlassHinge(HingeLoss):
    """Asks that the score of the class be above each other one by a margin.

    `loss_i = sum over j != y of max(0, s_j - s_y + margin)`, or the sum of their squares. The
    scores are used as they are, without a softmax.

    `keras.losses.CategoricalHinge` is another loss: of the other classes it takes the greatest
    score alone, with a margin of 1. `keras.losses.Hinge` is for binary targets.

    Args:
        margin: How far above, above 0. With weight decay the choice hardly matters, as both
            control the same trade-off.
        squared: Whether to square each term (the L2-SVM).
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
        >>> loss = kerasbook.losses.MulticlassHinge(margin=10)
        >>> float(loss(np.array([0]), np.array([[13.0, -7.0, 11.0]])))
        8.0

    Reference:
        Weston and Watkins, 1999, section 2; the notes of CS231n,
        https://cs231n.github.io/linear-classify/#svm-loss
    """

    def __init__(
        self,
        margin=1.0,
        *,
        squared=False,
        reduction="sum_over_batch_size",
        name="multiclass_hinge",
        dtype=None,
    ):
        super().__init__(margin, squared=squared, reduction=reduction, name=name, dtype=dtype)

    def lack(self, y_true, y_pred):
        """Returns by how much each other class comes too near, in the scores' shape."""
        is_class = one_hot_targets(y_true, y_pred)
        of_class = ops.sum(is_class * y_pred, -1, keepdims=True)
        return (1 - is_class) * ops.relu(y_pred - of_class + self.margin)
