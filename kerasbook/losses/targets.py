"""Targets of the losses: what they may be, and in which form the losses take them."""

import numpy as np
from keras import ops

from kerasbook.ops import values_at_hand


def _received(targets, scores):
    return f"y_true of shape {tuple(targets.shape)}, y_pred of shape {tuple(scores.shape)}"


def class_labels(targets, scores, classes=None):
    """Returns sparse targets as int32 labels, and which of them are classes.

    Args:
        targets: Labels `(...,)` or `(..., 1)`.
        scores: Tensor `(..., nodes)`, one row for each label.
        classes: Number of classes; `None` is the scores' last axis.

    Returns:
        Int32 tensor `(...,)`, 0 where the label is no class, and a boolean one.

    Raises:
        ValueError: If the shapes do not fit, or a label whose value is at hand is no class.
    """
    classes = classes or scores.shape[-1]
    if len(targets.shape) == len(scores.shape) and targets.shape[-1] == 1:
        targets = ops.squeeze(targets, -1)
    if not _fit(targets.shape, scores.shape[:-1]):
        raise ValueError(
            "`y_true` must hold one label for each row of scores. "
            f"Received: {_received(targets, scores)}"
        )
    labels = ops.cast(targets, "int32")
    is_class = ops.logical_and(labels >= 0, labels < classes)
    is_class = ops.logical_and(is_class, ops.cast(labels, targets.dtype) == targets)
    at_hand = values_at_hand([is_class, targets])
    if at_hand is not None:
        fits, values = at_hand
        if not fits.all():
            raise ValueError(
                f"`y_true` must hold integers from 0 to {classes - 1}. Received: "
                f"{np.sum(~fits)} of {fits.size} labels that are not, {values[~fits][0]} the first"
            )
    return ops.where(is_class, labels, 0), is_class


def one_hot_targets(targets, scores):
    """Returns targets of classes, sparse or one-hot, as one-hot rows in the scores' dtype.

    The row of a label that is no class is NaN, where its value is not at hand to raise for.

    Raises:
        ValueError: As in `class_labels`, or if one-hot rows at hand are not one-hot, or if there
            are fewer than two classes.
    """
    classes = scores.shape[-1]
    if classes is None or classes < 2:
        raise ValueError(
            "`y_pred` must have a score for each of 2 or more classes, in its last axis. "
            f"Received: {_received(targets, scores)}"
        )
    if len(targets.shape) != len(scores.shape) or targets.shape[-1] == 1:
        labels, is_class = class_labels(targets, scores)
        rows = ops.one_hot(labels, classes, dtype=scores.dtype)
        return ops.where(ops.expand_dims(is_class, -1), rows, float("nan"))
    if not _fit(targets.shape, scores.shape):
        raise ValueError(
            "One-hot `y_true` must have the shape of `y_pred`. "
            f"Received: {_received(targets, scores)}"
        )
    for values in values_at_hand([targets]) or ():
        wrong = np.sum(values == 1, -1) + np.sum(values == 0, -1) != classes
        wrong |= np.sum(values == 1, -1) != 1
        if wrong.any():
            raise ValueError(
                "One-hot `y_true` must have one 1 in each row, and zeros. Received: "
                f"{np.sum(wrong)} of {wrong.size} rows that have not, {values[wrong][0]} the first"
            )
    return targets


def attribute_targets(targets, scores, lowest, fractions=False):
    """Returns targets of attributes, 1 if present and 0 or -1 if absent, with `lowest` if absent.

    Args:
        targets: Tensor of the scores' shape, or of one axis less where there is one attribute.
        scores: Tensor `(..., attributes)`.
        lowest: What stands for an absent attribute in the result, 0 or -1.
        fractions: Whether numbers between 0 and 1 may be among them, as probabilities.

    Raises:
        ValueError: If the shapes differ, or values at hand are others.
    """
    if len(targets.shape) == len(scores.shape) - 1 and scores.shape[-1] == 1:
        targets = ops.expand_dims(targets, -1)
    if not _fit(targets.shape, scores.shape):
        raise ValueError(
            "`y_true` must have the shape of `y_pred`, a number for each attribute. "
            f"Received: {_received(targets, scores)}"
        )
    for values in values_at_hand([targets]) or ():
        right = np.isin(values, (-1, 0, 1))
        right |= fractions & (values > 0) & (values < 1)
        if not right.all():
            raise ValueError(
                f"`y_true` must hold 1 and 0 or -1{', or shares of 1' if fractions else ''}. "
                f"Received: {np.sum(~right)} of {right.size} values that are not, "
                f"{values[~right][0]} the first"
            )
    absent = targets == (0 if lowest == -1 else -1)
    return ops.where(absent, ops.cast(lowest, targets.dtype), targets)


def _fit(one, other):
    sizes = zip(one, other, strict=False)
    return len(one) == len(other) and all(None in pair or pair[0] == pair[1] for pair in sizes)
