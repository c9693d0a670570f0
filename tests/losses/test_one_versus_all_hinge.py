"""OneVersusAllHinge: as many binary machines as classes, each written out."""

import keras
import numpy as np
import pytest

from kerasbook.losses import OneVersusAllHinge


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("one_hot", [False, True])
def test_is_the_sum_of_binary_machines(rng, squared, one_hot):
    scores = rng.normal(0, 2, (6, 4)).astype("float32")
    labels = np.array([0, 1, 2, 3, 3, 0])
    loss = OneVersusAllHinge(0.8, squared=squared, reduction=None)
    found = loss(np.eye(4)[labels] if one_hot else labels, scores)
    expected = np.zeros(6)
    for machine in range(4):
        sign = np.where(labels == machine, 1, -1)
        term = np.maximum(0, 0.8 - sign * scores[:, machine].astype("float64"))
        expected += term**2 if squared else term
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, rtol=1e-5)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`margin` must be above 0"):
        OneVersusAllHinge(0)
    with pytest.raises(ValueError, match="integers from 0 to 1"):
        OneVersusAllHinge()(np.array([2]), np.zeros((1, 2)))
