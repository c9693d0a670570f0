"""The base of likelihood losses: weights of all shapes that fit, none that does not."""

import keras
import numpy as np
import pytest

from kerasbook import ops as kernels
from kerasbook.losses.negative_log_likelihood import NegativeLogLikelihood


class Normal(NegativeLogLikelihood):
    """Of one number."""

    def __init__(self, reduction):
        super().__init__(gradient_limit=None, reduction=reduction, name="normal", dtype=None)

    def mixture(self, y_true, y_pred):
        return kernels.Mixture(1)


Y = np.arange(9, dtype="float32").reshape(3, 3, 1)  # as many steps as sequences
PACKED = np.stack([np.zeros((3, 3)), np.ones((3, 3))], axis=-1).astype("float32")
VALUES = 0.5 * Y[..., 0] ** 2 + 0.5 * np.log(2 * np.pi)


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 3), (3, 3, 1)])
@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "mean_with_sample_weight"])
def test_weights_of_samples_and_of_steps(rng, shape, reduction):
    weights = rng.uniform(size=shape).astype("float32")
    each = np.broadcast_to(weights.reshape(3, -1), (3, 3))
    divisor = {"sum": 1, "sum_over_batch_size": 9, "mean_with_sample_weight": each.sum()}
    expected = np.sum(each * VALUES) / divisor[reduction]
    actual = keras.ops.convert_to_numpy(Normal(reduction)(Y, PACKED, weights))
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_without_reduction_values_are_weighted():
    actual = keras.ops.convert_to_numpy(Normal(None)(Y, PACKED, np.array([0.0, 1.0, 2.0])))
    np.testing.assert_allclose(actual, VALUES * [[0], [1], [2]], rtol=1e-5)


def test_scalar_weight():
    actual = keras.ops.convert_to_numpy(Normal("sum")(Y, PACKED, 2.0))
    np.testing.assert_allclose(actual, 2 * VALUES.sum(), rtol=1e-5)
