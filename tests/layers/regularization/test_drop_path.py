"""DropPath: the draw, what is applied, and the expectation."""

import keras
import numpy as np
import pytest

from kerasbook.layers import DropPath


def test_apply_is_the_definition(rng):
    x = rng.normal(size=(4, 3, 5)).astype("float32")
    survives = np.array([1, 0, 0, 1], bool)
    y = keras.ops.convert_to_numpy(DropPath(0.2).apply(x, survives))
    np.testing.assert_allclose(y, x * survives[:, None, None] / 0.8, rtol=1e-6)


def test_draw_is_bernoulli_and_the_mean_is_kept():
    layer = DropPath(0.3, seed=1)
    draws = keras.ops.convert_to_numpy(layer.draw(20_000))
    assert draws.shape == (20_000,)
    assert abs(draws.mean() - 0.7) < 4 * np.sqrt(0.21 / 20_000)
    y = keras.ops.convert_to_numpy(layer(np.ones((20_000, 1), "float32"), training=True))
    assert abs(y.mean() - 1) < 0.02
    assert set(np.unique(y.round(4))) == {0.0, np.float32(1 / 0.7).round(4)}


def test_draw_takes_a_seed_and_whole_samples_vanish():
    layer = DropPath(0.5)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(layer.draw(64, seed=3)),
        keras.ops.convert_to_numpy(layer.draw(64, seed=3)),
    )
    y = keras.ops.convert_to_numpy(layer(np.ones((64, 2, 3), "float32"), training=True))
    per_sample = y.reshape(64, -1)
    assert np.all(per_sample == per_sample[:, :1])


def test_rate_zero_keeps_everything():
    x = np.ones((3, 2), "float32")
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(DropPath(0)(x, training=True)), x)


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, None])
def test_bad_rate_is_named(rate):
    with pytest.raises(ValueError, match=rf"`rate` must be in \[0, 1\). Received: rate={rate}"):
        DropPath(rate)


@pytest.mark.parametrize("seed", [True, 1.5])
def test_seed_is_an_integer(seed):
    with pytest.raises(ValueError, match="`seed` must be an integer or None"):
        DropPath(0.2, seed=seed)


def test_masks_pass_through():
    assert DropPath(0.2).supports_masking
