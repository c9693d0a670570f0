"""The cross-entropy of a softmax over many classes that are the leaves of a binary tree."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.losses.per_sample_loss import PerSampleLoss
from kerasbook.losses.targets import class_labels


@keras.saving.register_keras_serializable(package="kerasbook")
class HierarchicalSoftmaxCrossentropy(PerSampleLoss):
    """Sums the logistic losses of the turns on the way to the class in a binary tree.

    At inner node `n` the way turns left with probability `sigmoid(z_n)`, and
    `loss_i = -sum over the nodes n on the way to y of log sigmoid(t_n z_n)` with `t_n = 1` for
    left and `-1` for right. That is `-log p(y)` of probabilities that sum to 1 over the classes,
    which `kerasbook.layers.HierarchicalSoftmax` gives for the same scores; the loss takes the
    scores of about `log2(classes)` nodes of each sample, where a softmax takes all classes'.

    What is learned depends on the tree: classes that are alike belong together. That of
    `kerasbook.ops.huffman_tree` has the shortest ways for classes of given frequencies.

    Args:
        tree: Number of classes, for a balanced tree of the classes in order, or nested pairs of
            all classes' numbers, as `[[0, 3], [1, 2]]`.
        reduction: Keras' reduction over the samples.
        name: Name of the loss.
        dtype: Dtype of the computation; `None` is Keras' `floatx`.

    Call arguments:
        y_true: Labels `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: Scores `(batch, ..., classes - 1)` of the inner nodes, level by level from the
            root.
        sample_weight: Weights `(batch,)`, of whole sequences too, or `(batch, ...)`.

    Returns:
        The loss, one number unless `reduction` is `None`.

    Raises:
        ValueError: If `tree` is no binary tree with each class once, the shapes do not fit, or
            labels at hand are no classes. Within a graph the loss of such a sample is NaN.

    Example:
        >>> loss = kerasbook.losses.HierarchicalSoftmaxCrossentropy(4)
        >>> round(float(loss(np.array([3]), np.array([[0.0, 5.0, 0.0]]))), 4)  # 2 log 2
        1.3863

    Reference:
        Morin and Bengio, 2005, https://proceedings.mlr.press/r5/morin05a.html; Mikolov et al.,
        2013, section 2.1, https://arxiv.org/abs/1310.4546. There the nodes share the vectors of
        words; here their scores come from any layer before.
    """

    def __init__(
        self,
        tree,
        *,
        reduction="sum_over_batch_size",
        name="hierarchical_softmax_crossentropy",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self._arrays = kernels.label_tree(tree)
        self.tree = tree

    def call(self, y_true, y_pred):
        kernels.require_node_scores("y_pred", y_pred.shape, self._arrays)
        labels, is_class = class_labels(y_true, y_pred, len(self._arrays.order))
        losses = -kernels.path_log_probabilities(y_pred, labels, self._arrays)
        return ops.where(is_class, losses, float("nan"))

    def get_config(self):
        return {**super().get_config(), "tree": kernels.plain_tree(self.tree)}
