"""AttributeHinge: a plain loop over attributes, both ways to say absent, and bad targets."""

import keras
import numpy as np
import pytest

from kerasbook.losses import AttributeHinge


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("absent", [-1, 0])
def test_is_the_definition(rng, squared, absent):
    scores = rng.normal(0, 2, (6, 5)).astype("float32")
    present = rng.uniform(size=(6, 5)) < 0.5
    loss = AttributeHinge(1.5, squared=squared, reduction=None)
    found = keras.ops.convert_to_numpy(loss(np.where(present, 1, absent), scores))
    for n in range(6):
        terms = [max(0, 1.5 - (1 if present[n, j] else -1) * scores[n, j]) for j in range(5)]
        np.testing.assert_allclose(found[n], sum(t**2 if squared else t for t in terms), rtol=1e-5)


@pytest.mark.parametrize(
    ("target", "score", "expected"),
    [(1, 0.9, 0.1), (1, 1.0, 0), (1, 3.0, 0), (-1, -0.9, 0.1), (-1, -1.0, 0), (-1, 2.0, 3.0)],
)
def test_counts_present_below_one_and_absent_above_minus_one(target, score, expected):
    found = AttributeHinge()(np.array([[target]]), np.array([[score]]))
    np.testing.assert_allclose(float(found), expected, atol=1e-6)


def test_is_the_sum_where_keras_takes_the_mean(rng):
    scores = rng.normal(size=(6, 5)).astype("float32")
    targets = np.where(rng.uniform(size=(6, 5)) < 0.5, 1, -1)
    for squared, theirs in ((False, keras.losses.Hinge()), (True, keras.losses.SquaredHinge())):
        ours = float(AttributeHinge(squared=squared)(targets, scores))
        np.testing.assert_allclose(ours, 5 * float(theirs(targets, scores)), rtol=1e-5)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`margin` must be above 0"):
        AttributeHinge(-1)
    with pytest.raises(ValueError, match="`y_true` must hold 1 and 0 or -1"):
        AttributeHinge()(np.array([[2]]), np.array([[0.0]]))
