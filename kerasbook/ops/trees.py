"""Binary trees whose leaves are classes: building, paths, and probabilities along them."""

import dataclasses
import heapq
import math

import numpy as np
from keras import ops


@dataclasses.dataclass(frozen=True)
class LabelTree:
    """A binary tree as arrays, its inner nodes numbered level by level from the root, 0.

    Attributes:
        nodes: Inner nodes on the way to each class, `(classes, depth)`; 0 beyond the end.
        signs: 1 where that way turns left, -1 where it turns right, `(classes, depth)`; 0 beyond
            the end.
        levels: For every level from the root, the children of its nodes from left to right:
            where those stand that have children of their own, and where the leaves.
        order: Place of each class among the leaves, taken level by level.
    """

    nodes: np.ndarray
    signs: np.ndarray
    levels: tuple
    order: np.ndarray


def balanced_tree(num_classes):
    """Returns nested pairs of the classes in order, at depths that differ by one at most.

    Example:
        >>> kerasbook.ops.balanced_tree(3)
        ((0, 1), 2)
    """

    def subtree(first, count):
        if count == 1:
            return first
        left = (count + 1) // 2
        return subtree(first, left), subtree(first + left, count - left)

    return subtree(0, num_classes)


def huffman_tree(frequencies):
    """Returns the tree whose paths are the shortest, on the mean, for classes this frequent.

    Args:
        frequencies: Count or share of each class, none negative, two at least.

    Returns:
        Nested pairs of the classes' numbers. Where frequencies are equal, what is less deep is
        joined first.

    Raises:
        ValueError: If there are fewer than two frequencies, or one is negative or not finite.

    Example:
        >>> kerasbook.ops.huffman_tree([5, 1, 2])
        ((1, 2), 0)

    Reference:
        Huffman, 1952, https://doi.org/10.1109/JRPROC.1952.273898
    """
    values = [float(frequency) for frequency in frequencies]
    if len(values) < 2 or not all(math.isfinite(v) and v >= 0 for v in values):
        raise ValueError(
            "`frequencies` must be two or more finite numbers of at least 0. "
            f"Received: frequencies={frequencies!r}"
        )
    heap = [(value, 0, label, label) for label, value in enumerate(values)]
    heapq.heapify(heap)
    for number in range(len(values), 2 * len(values) - 1):
        first, second = heapq.heappop(heap), heapq.heappop(heap)
        depth = 1 + max(first[1], second[1])
        heapq.heappush(heap, (first[0] + second[0], depth, number, (first[-1], second[-1])))
    return heap[0][-1]


def label_tree(tree):
    """Returns the arrays of a tree.

    Args:
        tree: Number of classes, for a balanced tree, or nested pairs (lists or tuples) of the
            numbers of the classes.

    Raises:
        ValueError: If it is not a binary tree with each of the classes 0, 1, ... once.
    """
    if isinstance(tree, int) and not isinstance(tree, bool):
        if tree < 2:
            raise ValueError(f"`tree` must have at least 2 classes. Received: tree={tree}")
        tree = balanced_tree(tree)
    if not isinstance(tree, (list, tuple)):
        raise ValueError(
            "`tree` must be a number of classes or nested pairs of their numbers. "
            f"Received: tree={tree!r}"
        )
    levels, leaves, paths, seen = [], [], {}, set()
    parts, ways, count = [tree], [()], 0
    while parts:
        children, turns = [], []
        for part, way in zip(parts, ways, strict=True):
            if len(part) != 2 or id(part) in seen:
                raise ValueError(
                    "Each inner node of `tree` must be a pair and stand in it once. "
                    f"Received: a node of {len(part)} parts"
                    + (", which stands in the tree twice" if id(part) in seen else "")
                )
            seen.add(id(part))
            children += part
            turns += [(*way, (count, 1)), (*way, (count, -1))]
            count += 1
        inner = [isinstance(child, (list, tuple)) for child in children]
        for child, way, has_children in zip(children, turns, inner, strict=True):
            if not has_children:
                leaves.append(child)
                paths[child if isinstance(child, int) else None] = way
        levels.append((np.flatnonzero(inner), np.flatnonzero(np.logical_not(inner))))
        parts = [child for child, has_children in zip(children, inner, strict=True) if has_children]
        ways = [way for way, has_children in zip(turns, inner, strict=True) if has_children]
    if any(isinstance(leaf, bool) for leaf in leaves) or set(paths) != set(range(len(leaves))):
        raise ValueError(
            f"The {len(leaves)} leaves of `tree` must be the integers from 0 to "
            f"{len(leaves) - 1}, each once. Received: leaves {leaves[:20]}"
        )
    nodes = np.zeros((len(leaves), len(levels)), "int32")
    signs = np.zeros((len(leaves), len(levels)), "float32")
    for label, way in paths.items():
        nodes[label, : len(way)], signs[label, : len(way)] = zip(*way, strict=True)
    return LabelTree(nodes, signs, tuple(levels), np.argsort(leaves).astype("int32"))


def leaf_log_probabilities(logits, tree):
    """Returns the logarithms of the probabilities of all classes.

    Args:
        logits: Tensor `(..., classes - 1)`: at node `i` the way turns left with probability
            `sigmoid(logits[..., i])`.
        tree: A `LabelTree`.

    Returns:
        Tensor `(..., classes)`.
    """
    leaves, first = [], 0
    reached = ops.zeros_like(logits[..., :1])  # of the nodes of a level
    for inner, outer in tree.levels:
        turns = logits[..., first : first + reached.shape[-1]]
        first += reached.shape[-1]
        children = ops.stack(
            [reached + ops.log_sigmoid(turns), reached + ops.log_sigmoid(-turns)], -1
        )  # (..., nodes, 2)
        children = ops.reshape(children, (*ops.shape(reached)[:-1], 2 * reached.shape[-1]))
        leaves.append(ops.take(children, outer, axis=-1))
        reached = ops.take(children, inner, axis=-1)
    return ops.take(ops.concatenate(leaves, -1), tree.order, axis=-1)


def path_log_probabilities(logits, labels, tree):
    """Returns the logarithm of the probability of one class each, from the nodes on its way.

    Args:
        logits: Tensor `(..., classes - 1)`, as `leaf_log_probabilities` takes it.
        labels: Integer tensor `(...,)`, all of its values in [0, classes).
        tree: A `LabelTree`.

    Returns:
        Tensor `(...,)`.
    """
    nodes = ops.take(tree.nodes, labels, axis=0)  # (..., depth)
    signs = ops.cast(ops.take(tree.signs, labels, axis=0), logits.dtype)
    turns = signs * ops.take_along_axis(logits, nodes, axis=-1)
    return ops.sum(ops.where(signs == 0, 0.0, ops.log_sigmoid(turns)), -1)


def require_node_scores(name, shape, tree):
    """Raises a `ValueError` unless a shape, of `name`, ends in a score for each inner node."""
    if len(shape) < 2 or shape[-1] != len(tree.order) - 1:
        raise ValueError(
            f"`{name}` must have one score for each of the {len(tree.order) - 1} inner nodes of "
            f"the tree, in the last axis. Received: {name} of shape {tuple(shape)}"
        )


def plain_tree(tree):
    """Returns a tree as a config holds it: an integer, or lists of integers."""
    return [plain_tree(part) for part in tree] if isinstance(tree, (list, tuple)) else tree
