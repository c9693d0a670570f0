"""Probabilities of many classes that are the leaves of a binary tree."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.told import along_last_axis


@keras.saving.register_keras_serializable(package="kerasbook")
class HierarchicalSoftmax(keras.layers.Layer):
    """Turns the scores of the inner nodes of a binary tree into probabilities of its leaves.

    At inner node `n` the way turns left with probability `sigmoid(z_n)`, and
    `p(y) = product over the nodes n on the way to y of sigmoid(t_n z_n)` with `t_n = 1` for left
    and `-1` for right. The probabilities of all classes sum to 1. The layer has no weights: it
    stands behind a dense layer of `classes - 1` units, and for training
    `kerasbook.losses.HierarchicalSoftmaxCrossentropy` takes the scores themselves, of which it
    needs those on the way to the class alone.

    Args:
        tree: Number of classes, for a balanced tree of the classes in order, or nested pairs of
            all classes' numbers, as `[[0, 3], [1, 2]]`. `kerasbook.ops.huffman_tree` makes one
            from frequencies.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ..., classes - 1)`, the scores of the inner nodes, level by
            level from the root. Logarithms are taken in at least float32.

    Returns:
        Tensor `(batch, ..., classes)` in the layer's compute dtype.

    Raises:
        ValueError: If `tree` is no binary tree with each class once, or the inputs have not one
            score for each inner node.

    Example:
        >>> layer = kerasbook.layers.HierarchicalSoftmax([[0, 2], 1])
        >>> np.asarray(layer(np.array([[0.0, 0.0]], "float32"))).tolist()
        [[0.25, 0.5, 0.25]]

    Reference:
        Morin and Bengio, 2005, https://proceedings.mlr.press/r5/morin05a.html. There the nodes
        share the vectors of words; here their scores come from any layer before.
    """

    receptive_field_steps = along_last_axis

    def __init__(self, tree, **kwargs):
        super().__init__(**kwargs)
        self._arrays = kernels.label_tree(tree)
        self.tree = tree
        self.supports_masking = True

    def build(self, input_shape):
        kernels.require_node_scores("inputs", input_shape, self._arrays)

    def call(self, inputs):
        return ops.cast(ops.exp(self.log_probabilities(inputs)), self.compute_dtype)

    def log_probabilities(self, inputs):
        """Returns the logarithms of the probabilities, in at least float32."""
        kernels.require_node_scores("inputs", inputs.shape, self._arrays)
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        return kernels.leaf_log_probabilities(ops.cast(inputs, dtype), self._arrays)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], len(self._arrays.order))

    def get_config(self):
        return {**super().get_config(), "tree": kernels.plain_tree(self.tree)}
