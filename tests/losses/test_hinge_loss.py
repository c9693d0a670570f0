"""What the hinge losses share: what is lacking adds up, or its squares, and comes back."""

import keras
import numpy as np
import pytest

from kerasbook.losses.hinge_loss import HingeLoss


class Shortfall(HingeLoss):
    """What scores lack of the margin, whatever the targets."""

    def __init__(self, margin=2.0, *, squared=False, reduction=None, name="shortfall", dtype=None):
        super().__init__(margin, squared=squared, reduction=reduction, name=name, dtype=dtype)

    def lack(self, y_true, y_pred):
        return keras.ops.relu(self.margin - y_pred)


@pytest.mark.parametrize(("squared", "expected"), [(False, [4.5, 0.0]), (True, [11.25, 0.0])])
def test_what_is_lacking_adds_up(squared, expected):
    loss = Shortfall(squared=squared)
    scores = np.array([[0.5, -1.0, 7.0], [2.0, 3.0, 4.0]])
    values = keras.ops.convert_to_numpy(loss(np.zeros((2, 3)), scores))
    np.testing.assert_allclose(values, expected)
    again = Shortfall.from_config(loss.get_config())
    assert (again.margin, again.squared) == (2.0, squared)


def test_bad_arguments():
    with pytest.raises(ValueError, match="`margin` must be above 0.*margin=0"):
        Shortfall(0)
    with pytest.raises(ValueError, match="`squared` must be True or False.*'no'"):
        Shortfall(squared="no")
