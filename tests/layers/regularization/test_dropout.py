"""Dropout: what it keeps and scales, its seed, and that replicas draw for themselves."""

import keras
import numpy as np
import pytest

from kerasbook import testing
from kerasbook.layers.regularization.dropout import Dropout


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def test_single_values_fall_out_and_the_others_grow(rng):
    x = rng.uniform(1, 2, size=(8, 9, 10, 5)).astype("float32")
    layer = Dropout(0.25, seed=1)
    y = numpy(layer(x, training=True))
    kept = y != 0
    assert 0.72 < kept.mean() < 0.78
    np.testing.assert_allclose(y[kept], (x / 0.75)[kept], rtol=1e-6)
    assert np.all(kept.mean((0, 1, 2)) < 1)  # no channel has one coin
    np.testing.assert_array_equal(numpy(layer(x)), x)


def test_apply_takes_the_draw(rng):
    x = rng.normal(size=(2, 3)).astype("float32")
    survives = np.array([[1, 0, 1], [0, 1, 1]], bool)
    y = numpy(Dropout(0.5).apply(x, survives))
    np.testing.assert_allclose(y, 2 * x * survives, rtol=1e-6)
    drawn = numpy(Dropout(0.5).draw((4, 5), seed=3))
    assert drawn.shape == (4, 5)
    assert drawn.dtype == bool


PROMISES = {
    "config_is_signature",
    "reloads",
    "identity_outside_training",
    "one_seed_one_result",
    "images_draw_independently",
    "trains_in_half_precision",
    "compiles",
    "gradient_is_slope",
    "works_on_replicas",
}


@pytest.mark.parametrize("promise", sorted(PROMISES & set(testing.promises())))
def test_promises(promise):
    case = testing.Case("Dropout", lambda **k: Dropout(0.5, seed=7, **k), (4, 5, 7, 3))
    testing.PROMISES[promise](case)


@pytest.mark.parametrize("seed", [True, 1.5])
def test_seed_is_an_integer(seed):
    with pytest.raises(ValueError, match="`seed` must be an integer or None"):
        Dropout(0.2, seed=seed)
