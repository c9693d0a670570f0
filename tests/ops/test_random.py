"""Random numbers: Keras' draws on one device, other draws on every replica."""

import keras
import numpy as np
import pytest

from kerasbook.ops import random_normal, random_uniform

BOTH = pytest.mark.parametrize("name", ["uniform", "normal"])
OURS = {"uniform": random_uniform, "normal": random_normal}


@BOTH
def test_one_device_draws_as_keras_does(name):
    ours = OURS[name]((3, 4), keras.random.SeedGenerator(5))
    theirs = getattr(keras.random, name)((3, 4), seed=keras.random.SeedGenerator(5))
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(ours), keras.ops.convert_to_numpy(theirs)
    )


@pytest.mark.tensorflow
@BOTH
@pytest.mark.parametrize("seed", [3, None])
def test_replicas_draw_differently_and_again_alike(name, seed):
    import tensorflow as tf

    from kerasbook.testing import two_replicas

    strategy = two_replicas()

    def draws():
        with strategy.scope():
            generator = keras.random.SeedGenerator(11) if seed is None else seed
        step = tf.function(lambda: strategy.run(lambda: OURS[name]((1000,), generator)))
        return [np.asarray(v) for v in strategy.experimental_local_results(step())]

    first, second = draws()
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1
    if name == "uniform":
        assert 0 <= first.min() < 0.01
        assert 0.99 < first.max() < 1
    else:
        assert abs(first.mean()) < 0.15
        assert abs(first.std() - 1) < 0.1
    np.testing.assert_array_equal(draws(), [first, second])


@BOTH
@pytest.mark.parametrize("floatx", ["float16", "bfloat16", "float64"])
def test_draws_are_float32_whatever_the_default(name, floatx):
    before = keras.config.floatx()
    keras.config.set_floatx(floatx)
    try:
        draws = OURS[name]((3,), 1)
    finally:
        keras.config.set_floatx(before)
    assert keras.backend.standardize_dtype(draws.dtype) == "float32"
