"""Targets: labels and one-hot rows say the same, and what is neither is named or NaN."""

import keras
import numpy as np
import pytest

from kerasbook.losses.targets import attribute_targets, class_labels, one_hot_targets

SCORES = np.zeros((3, 4), "float32")


def tensor(values):
    return keras.ops.convert_to_tensor(np.asarray(values, "float32"))


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_labels_become_rows(shape):
    labels = np.array([2.0, 0.0, 3.0], "float32").reshape(shape)
    rows = keras.ops.convert_to_numpy(one_hot_targets(tensor(labels), SCORES))
    np.testing.assert_array_equal(rows, np.eye(4)[[2, 0, 3]])
    np.testing.assert_array_equal(one_hot_targets(tensor(rows), SCORES), rows)


def test_labels_of_sequences():
    scores = np.zeros((2, 3, 5), "float32")
    labels = np.array([[0, 1, 2], [3, 4, 0]])
    rows = keras.ops.convert_to_numpy(one_hot_targets(tensor(labels), scores))
    np.testing.assert_array_equal(rows, np.eye(5)[labels])


@pytest.mark.parametrize("label", [-1, 4, 1.5, float("nan")])
def test_what_is_no_class_is_named(label):
    with pytest.raises(ValueError, match=rf"integers from 0 to 3. Received: 1 of 3.*{label}"):
        one_hot_targets(tensor([0, label, 1]), SCORES)


@pytest.mark.tensorflow
@pytest.mark.parametrize("label", [-1.0, 4.0, 1.5])
def test_what_is_no_class_is_nan_in_a_graph(label):
    import tensorflow as tf

    labels = np.array([0, label, 1], "float32")
    rows = tf.function(one_hot_targets)(tf.constant(labels), tf.constant(SCORES)).numpy()
    np.testing.assert_array_equal(np.isnan(rows).all(1), [False, True, False])
    np.testing.assert_array_equal(rows[[0, 2]], np.eye(4)[[0, 1]])


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (np.zeros((2, 3)), "`y_true` must hold one label for each row|must have the shape"),
        (np.zeros((3, 5)), "One-hot `y_true` must have the shape"),
        (np.zeros((3, 4)), "one 1 in each row.* 3 of 3 rows"),
        (np.eye(3, 4) + np.eye(3, 4, 1), "one 1 in each row"),
        (np.eye(3, 4) * 0.9, "one 1 in each row"),
    ],
)
def test_rows_that_are_not_one_hot_are_named(targets, message):
    with pytest.raises(ValueError, match=message):
        one_hot_targets(tensor(targets), SCORES)


def test_one_class_is_none():
    with pytest.raises(ValueError, match="2 or more classes"):
        one_hot_targets(tensor(np.zeros((3, 1))), np.zeros((3, 1)))


def test_labels_of_more_classes_than_scores():
    labels, is_class = class_labels(tensor([4, 2, 0]), SCORES, 5)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(labels), [4, 2, 0])
    assert keras.ops.convert_to_numpy(is_class).all()


@pytest.mark.parametrize("lowest", [-1, 0])
@pytest.mark.parametrize("absent", [-1, 0])
def test_attributes_are_present_or_absent(lowest, absent):
    scores = np.zeros((2, 3), "float32")
    targets = np.where([[1, 0, 1], [0, 0, 1]], 1.0, absent).astype("float32")
    found = keras.ops.convert_to_numpy(attribute_targets(tensor(targets), scores, lowest))
    np.testing.assert_array_equal(found, np.where(targets == 1, 1, lowest))


def test_one_attribute_may_lack_its_axis():
    found = attribute_targets(tensor([1, 0]), np.zeros((2, 1), "float32"), -1)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), [[1], [-1]])


def test_attributes_that_are_none_are_named():
    scores = np.zeros((2, 2), "float32")
    half = np.array([[0.5, 1], [0, -1]], "float32")
    with pytest.raises(ValueError, match="1 and 0 or -1. Received: 1 of 4.* 0.5 the first"):
        attribute_targets(tensor(half), scores, -1)
    found = attribute_targets(tensor(half), scores, 0, fractions=True)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), [[0.5, 1], [0, 0]])
    with pytest.raises(ValueError, match="or shares of 1. Received: 3 of 4"):
        attribute_targets(tensor(half * 2.5), scores, 0, fractions=True)
    with pytest.raises(ValueError, match="1 of 4 values that are not, nan"):
        attribute_targets(tensor(half * [[1, np.nan], [1, 1]]), scores, 0, fractions=True)
    with pytest.raises(ValueError, match=r"the shape of `y_pred`.*\(2,\).*\(2, 2\)"):
        attribute_targets(tensor([1, 0]), scores, 0)
