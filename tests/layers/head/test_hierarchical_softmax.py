"""HierarchicalSoftmax: fair coins, sums of 1, both precisions, and wrong shapes."""

import keras
import numpy as np
import pytest

from kerasbook.layers import HierarchicalSoftmax
from kerasbook.ops import huffman_tree


def test_fair_coins_halve_at_every_node():
    layer = HierarchicalSoftmax([[0, [2, 3]], 1])
    found = keras.ops.convert_to_numpy(layer(np.zeros((1, 3), "float32")))
    np.testing.assert_array_equal(found, [[0.25, 0.5, 0.125, 0.125]])


def test_a_high_score_turns_left():
    found = HierarchicalSoftmax([1, 0])(np.array([[20.0]], "float32"))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), [[0, 1]], atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_probabilities_sum_to_one(rng, dtype):
    layer = HierarchicalSoftmax(huffman_tree(range(1, 101)), dtype=dtype)
    found = layer(rng.normal(0, 3, (4, 99)).astype("float32"))
    assert keras.backend.standardize_dtype(found.dtype) == layer.compute_dtype
    sums = keras.ops.convert_to_numpy(keras.ops.sum(keras.ops.cast(found, "float32"), -1))
    np.testing.assert_allclose(sums, 1, atol=1e-5 if dtype == "float32" else 1e-2)
    logs = layer.log_probabilities(rng.normal(0, 3, (4, 99)).astype("float32"))
    assert keras.backend.standardize_dtype(logs.dtype) == "float32"


def test_tree_survives_the_config():
    config = HierarchicalSoftmax(((0, 1), 2)).get_config()
    assert config["tree"] == [[0, 1], 2]
    assert HierarchicalSoftmax.from_config(config).tree == [[0, 1], 2]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="The 3 leaves of `tree`"):
        HierarchicalSoftmax([[0, 1], 1])
    layer = HierarchicalSoftmax(4)
    with pytest.raises(ValueError, match=r"each of the 3 inner nodes.*shape \(2, 4\)"):
        layer(np.zeros((2, 4), "float32"))
    with pytest.raises(ValueError, match="each of the 3 inner nodes"):
        layer.log_probabilities(np.zeros((2, 4), "float32"))


def test_masks_pass_through():
    assert HierarchicalSoftmax(2).supports_masking
