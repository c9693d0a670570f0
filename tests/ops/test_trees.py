"""Trees of classes: their arrays by hand, plain walks, Huffman's optimum, and what is no tree."""

import heapq

import keras
import numpy as np
import pytest

from kerasbook import ops as kernels

LOPSIDED = [[3, 0], [[1, [5, 4]], 2]]


def numbered(tree):
    """Returns the inner nodes of a tree level by level, the root first."""
    level, nodes = [tree], []
    while level:
        nodes += level
        level = [part for node in level for part in node if not isinstance(part, int)]
    return nodes


def walk(tree, label, logits):
    """Returns the probability of a class by going down to it, node by node."""
    nodes = numbered(tree)

    def down(node):
        if isinstance(node, int):
            return 1.0 if node == label else 0.0
        number = next(i for i, other in enumerate(nodes) if other is node)
        left = 1 / (1 + np.exp(-logits[number]))
        return left * down(node[0]) + (1 - left) * down(node[1])

    return down(tree)


def expected_depth(tree, frequencies):
    nodes = kernels.label_tree(tree)
    return np.abs(nodes.signs).sum(1) @ np.asarray(frequencies) / np.sum(frequencies)


def test_arrays_of_a_tree():
    tree = kernels.label_tree(LOPSIDED)
    assert tree.nodes.tolist() == [
        [0, 1, 0, 0],
        [0, 2, 3, 0],
        [0, 2, 0, 0],
        [0, 1, 0, 0],
        [0, 2, 3, 4],
        [0, 2, 3, 4],
    ]
    assert tree.signs.tolist() == [
        [1, -1, 0, 0],
        [-1, 1, 1, 0],
        [-1, -1, 0, 0],
        [1, 1, 0, 0],
        [-1, 1, -1, -1],
        [-1, 1, -1, 1],
    ]


@pytest.mark.parametrize("num_classes", [2, 3, 5, 8, 1000])
def test_balanced_depths_differ_by_one_at_most(num_classes):
    depths = np.abs(kernels.label_tree(num_classes).signs).sum(1)
    assert depths.max() == int(np.ceil(np.log2(num_classes)))
    assert depths.max() - depths.min() <= 1
    np.testing.assert_array_equal(
        kernels.label_tree(num_classes).nodes,
        kernels.label_tree(kernels.balanced_tree(num_classes)).nodes,
    )


def shortest(frequencies):
    """Returns the least mean depth of any tree: the sum of all that Huffman joins."""
    heap = list(frequencies)
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        total += joined
        heapq.heappush(heap, joined)
    return total / sum(frequencies)


@pytest.mark.parametrize("frequencies", [[5, 1, 2], [1, 1, 1, 1, 1], list(range(1, 40))])
def test_huffman_is_the_shortest(frequencies, rng):
    mean = expected_depth(kernels.huffman_tree(frequencies), frequencies)
    np.testing.assert_allclose(mean, shortest(frequencies), rtol=1e-6)
    shares = np.asarray(frequencies) / np.sum(frequencies)
    assert -(shares * np.log2(shares)).sum() <= mean + 1e-6
    assert mean <= expected_depth(len(frequencies), frequencies) + 1e-6


def test_huffman_of_classes_never_seen_stays_shallow():
    assert np.abs(kernels.label_tree(kernels.huffman_tree([0] * 64)).signs).sum(1).max() == 6


@pytest.mark.parametrize("tree", [LOPSIDED, ((2, 1), 0), 7], ids=["lists", "tuples", "balanced"])
def test_probabilities_are_a_plain_walk(tree, rng):
    nested = kernels.balanced_tree(tree) if isinstance(tree, int) else tree
    arrays = kernels.label_tree(tree)
    classes = len(arrays.order)
    logits = rng.normal(0, 2, (2, 3, classes - 1)).astype("float32")
    found = keras.ops.convert_to_numpy(kernels.leaf_log_probabilities(logits, arrays))
    assert found.shape == (2, 3, classes)
    np.testing.assert_allclose(np.exp(found).sum(-1), 1, rtol=1e-6)
    for place in np.ndindex(2, 3):
        expected = [walk(nested, label, logits[place]) for label in range(classes)]
        np.testing.assert_allclose(np.exp(found[place]), expected, rtol=1e-5)
    labels = rng.integers(0, classes, (2, 3))
    paths = keras.ops.convert_to_numpy(kernels.path_log_probabilities(logits, labels, arrays))
    np.testing.assert_allclose(
        paths, np.take_along_axis(found, labels[..., None], -1)[..., 0], rtol=1e-5
    )


def test_log_probabilities_far_out_are_finite():
    arrays = kernels.label_tree(4)
    logits = np.array([[1e4, -1e4, 1e4]], "float32")
    found = keras.ops.convert_to_numpy(kernels.leaf_log_probabilities(logits, arrays))
    np.testing.assert_allclose(found, [[-1e4, 0, -1e4, -2e4]])


LOOP = [0]
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (1, "at least 2 classes. Received: tree=1"),
        (True, "a number of classes or nested pairs"),
        ("0", "a number of classes or nested pairs"),
        ([0, 1, 2], "must be a pair.* a node of 3 parts"),
        ([[0], 1], "must be a pair.* a node of 1 parts"),
        ([[0, 1], [1, 2]], "The 4 leaves of `tree` must be the integers from 0 to 3"),
        ([0, 2], "from 0 to 1, each once. Received: leaves \\[0, 2\\]"),
        ([0, 1.0], "must be the integers"),
        ([False, True], "must be the integers"),
        (LOOP, "which stands in the tree twice"),
    ],
)
def test_what_is_no_tree_is_named(tree, message):
    with pytest.raises(ValueError, match=message):
        kernels.label_tree(tree)


@pytest.mark.parametrize("frequencies", [[], [1], [1, -1], [1, float("nan")]])
def test_what_are_no_frequencies_is_named(frequencies):
    with pytest.raises(ValueError, match="`frequencies` must be two or more"):
        kernels.huffman_tree(frequencies)


def test_plain_trees_are_lists():
    assert kernels.plain_tree(((0, 1), 2)) == [[0, 1], 2]
    assert kernels.plain_tree(5) == 5
