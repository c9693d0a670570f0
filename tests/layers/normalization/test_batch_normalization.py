"""BatchNormalization: Keras' numbers in both modes, fused where it can be and not elsewhere."""

import keras
import numpy as np
import pytest

from kerasbook import ops
from kerasbook.layers import BatchNormalization


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def pair(rng, shape, **options):
    ours, theirs = BatchNormalization(**options), keras.layers.BatchNormalization(**options)
    ours.build(shape)
    theirs.build(shape)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    ours.set_weights([rng.uniform(0.5, 2, size=w.shape) for w in ours.weights])
    theirs.set_weights(ours.get_weights())
    return ours, theirs


@pytest.mark.parametrize("shape", [(8, 3), (4, 6, 3), (4, 5, 6, 3), (2, 3, 4, 5, 3)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"center": False},
        {"scale": False},
        {"epsilon": 1e-7},
        {"axis": 1},
        {"momentum": 0.5},
    ],
)
def test_drop_in_for_keras_in_both_modes(shape, options, rng):
    ours, theirs = pair(rng, shape, **options)
    x = rng.normal(2, 3, size=shape).astype("float32")
    for training in (False, True, False):
        np.testing.assert_allclose(
            numpy(ours(x, training=training)), numpy(theirs(x, training=training)), atol=2e-5
        )
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize(
    "dtype", ["mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64"]
)
def test_other_dtypes_as_keras(dtype, rng):
    ours, theirs = pair(rng, (4, 5, 6, 3), dtype=dtype)
    x = rng.normal(2, 3, size=(4, 5, 6, 3)).astype("float32")
    a, b = ours(x, training=True), theirs(x, training=True)
    assert a.dtype == b.dtype
    np.testing.assert_allclose(
        numpy(a).astype("float32"), numpy(b).astype("float32"), atol=3e-2, rtol=1e-2
    )


def test_frozen_layer_uses_and_keeps_its_averages(rng):
    ours, theirs = pair(rng, (4, 5, 6, 3))
    ours.trainable = theirs.trainable = False
    x = rng.normal(2, 3, size=(4, 5, 6, 3)).astype("float32")
    before = ours.get_weights()
    np.testing.assert_allclose(
        numpy(ours(x, training=True)), numpy(theirs(x, training=True)), atol=1e-5
    )
    np.testing.assert_array_equal(before[-1], ours.get_weights()[-1])


def test_mask_counts_as_in_keras(rng):
    ours, theirs = pair(rng, (4, 6, 3))
    x = rng.normal(2, 3, size=(4, 6, 3)).astype("float32")
    mask = np.arange(24).reshape(4, 6) % 3 > 0
    np.testing.assert_allclose(
        numpy(ours(x, training=True, mask=mask)),
        numpy(theirs(x, training=True, mask=mask)),
        atol=1e-5,
    )


def test_fused_kernel_is_the_one_that_runs(monkeypatch, rng):
    calls = []
    fused = ops.fused_batch_normalization
    monkeypatch.setattr(
        ops, "fused_batch_normalization", lambda *a, **k: calls.append(1) or fused(*a, **k)
    )
    x = rng.normal(size=(4, 5, 6, 3)).astype("float32")
    for options in ({}, {"axis": 1}, {"epsilon": 1e-6}):
        BatchNormalization(**options)(x, training=True)
    assert len(calls) == (1 if keras.backend.backend() == "tensorflow" else 0)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`epsilon` must be above 0.*epsilon=-1"):
        BatchNormalization(epsilon=-1)(np.zeros((2, 3), "float32"))
    with pytest.raises(ValueError, match="`axis` must be an axis of the inputs.*axis=5"):
        BatchNormalization(axis=5)(np.zeros((2, 3), "float32"))
