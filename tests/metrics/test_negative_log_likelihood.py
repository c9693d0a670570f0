"""NegativeLogLikelihood against the density written out, scipy's, and a head's own."""

import keras
import numpy as np
import pytest

from kerasbook.layers import MixtureDensity
from kerasbook.losses import MixtureNegativeLogLikelihood
from kerasbook.metrics import NegativeLogLikelihood


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class LaplaceHead(keras.layers.Layer):
    """A head of another distribution, whose outputs are medians."""

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def log_prob(self, output, target):
        distance = keras.ops.abs(target - output) / self.scale
        return keras.ops.sum(-distance - np.log(2 * self.scale), -1)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


def gaussians(rng):
    means, scales = rng.normal(size=(5, 3)), np.exp(rng.normal(size=(5, 3)))
    return rng.normal(size=(5, 3)), means, scales


def test_is_the_density_written_out(rng):
    targets, means, scales = gaussians(rng)
    density = np.exp(-((targets - means) ** 2) / (2 * scales**2)) / (scales * np.sqrt(2 * np.pi))
    found = NegativeLogLikelihood()(targets, np.concatenate([means, scales], 1))
    np.testing.assert_allclose(float(found), -np.log(density.prod(1)).mean(), rtol=1e-5)


def test_is_scipys(rng):
    norm = pytest.importorskip("scipy.stats", reason="compares with scipy").norm
    targets, means, scales = gaussians(rng)
    targets[0, 0] = 1e4 * scales[0, 0]
    found = NegativeLogLikelihood()(targets, np.concatenate([means, scales], 1))
    expected = -norm(means, scales).logpdf(targets).sum(1).mean()
    np.testing.assert_allclose(float(found), expected, rtol=1e-5)


def test_a_head_says_it_and_comes_back_from_the_config(rng):
    targets, outputs = rng.normal(size=(2, 4, 3))
    metric = NegativeLogLikelihood(LaplaceHead(0.5), name="nll")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    expected = (np.abs(targets - outputs) / 0.5 + np.log(1.0)).sum(1).mean()
    for one in (metric, again):
        np.testing.assert_allclose(float(one(targets, outputs)), expected, rtol=1e-5)
    assert again.name == "nll"
    assert again.head.scale == 0.5


def test_a_mixture_is_scored_as_its_loss_does(rng):
    head = MixtureDensity(2, 3)
    output = head(rng.normal(size=(6, 4)).astype("float32"))
    targets = rng.normal(size=(6, 2)).astype("float32")
    loss = float(MixtureNegativeLogLikelihood(3)(targets, output))
    np.testing.assert_allclose(float(NegativeLogLikelihood(head)(targets, output)), loss, rtol=1e-6)


def test_a_saved_model_keeps_it(rng, tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile("sgd", "mae", metrics=[NegativeLogLikelihood(LaplaceHead(0.5))])
    x, y = rng.normal(size=(2, 4, 2))
    before = model.evaluate(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.evaluate(x, y, verbose=0), before, rtol=1e-6)
    assert len(before) == 2


def test_bad_head_is_named():
    with pytest.raises(ValueError, match="`head` must have a method `log_prob`"):
        NegativeLogLikelihood(keras.layers.Dense(2))
