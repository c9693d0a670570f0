"""PerSampleLoss: weights of samples, of sequences and of steps."""

import keras
import numpy as np
import pytest

from kerasbook.losses.per_sample_loss import PerSampleLoss


class Sum(PerSampleLoss):
    """The sum of what is predicted."""

    def call(self, y_true, y_pred):
        return keras.ops.sum(y_pred, -1)


@pytest.mark.parametrize("steps", [(), (3,), (2,), (2, 5)])
def test_weights_of_samples_are_those_of_all_their_steps(rng, steps):
    y = rng.normal(size=(3, *steps, 4)).astype("float32")
    weights = np.array([0.0, 1.0, 3.0])
    each = y.sum(-1).reshape(3, -1)
    expected = (each * weights[:, None]).mean()
    for shape in ((3,), (3, 1)):
        found = float(Sum()(y, y, sample_weight=weights.reshape(shape)))
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_weights_of_steps_are_their_own(rng):
    y, weights = rng.normal(size=(3, 3, 4)).astype("float32"), rng.uniform(size=(3, 3))
    for shape in ((3, 3), (3, 3, 1)):
        found = float(Sum(reduction="sum")(y, y, sample_weight=weights.reshape(shape)))
        np.testing.assert_allclose(found, (y.sum(-1) * weights).sum(), rtol=1e-4)


def test_no_weights_are_ones(rng):
    y = rng.normal(size=(3, 2, 4)).astype("float32")
    np.testing.assert_allclose(float(Sum()(y, y)), y.sum(-1).mean(), rtol=1e-4)


@pytest.mark.parametrize("shape", [(2,), (3, 4), (3, 2, 4)])
def test_weights_that_do_not_fit_are_an_error(shape):
    y = np.zeros((3, 2, 4), "float32")
    with pytest.raises(Exception, match=r"[Ss]hape|broadcast|squeeze"):
        Sum()(y, y, sample_weight=np.ones(shape))


@pytest.mark.parametrize("steps", [(), (3,)])
def test_weights_in_fit_are_per_sample(rng, steps):
    x = rng.normal(size=(3, *steps, 4)).astype("float32")
    inputs = keras.Input((*steps, 4))
    model = keras.Model(inputs, keras.layers.Dense(1, trainable=False)(inputs))
    model.compile("sgd", Sum(), weighted_metrics=[])
    weights = np.array([0.0, 1.0, 3.0])
    each = model.predict(x, verbose=0).sum(-1).reshape(3, -1)
    found = model.evaluate(x, x, sample_weight=weights, verbose=0)
    np.testing.assert_allclose(found, (each * weights[:, None]).mean(), rtol=1e-4, atol=1e-6)
