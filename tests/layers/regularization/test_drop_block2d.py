"""DropBlock2D: squares in NumPy, the scale of every image, the share that is dropped."""

import keras
import numpy as np
import pytest

from kerasbook.layers import DropBlock2D


@pytest.mark.parametrize("block_size", [1, 2, 3])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_apply_is_the_definition(rng, block_size, data_format):
    x = rng.normal(size=(3, 6, 7, 2)).astype("float32")
    begins = rng.uniform(size=(3, 7 - block_size, 8 - block_size, 2)) < 0.1
    begins[2] = False
    mask = np.ones_like(x)
    for n, i, j, c in np.argwhere(begins):
        mask[n, i : i + block_size, j : j + block_size, c] = 0
    expected = x * mask / mask.mean((1, 2, 3), keepdims=True)
    layer = DropBlock2D(0.1, block_size, data_format=data_format)
    if data_format == "channels_first":
        y = layer.apply(x.transpose(0, 3, 1, 2), begins.transpose(0, 3, 1, 2))
        y = keras.ops.convert_to_numpy(y).transpose(0, 2, 3, 1)
    else:
        y = keras.ops.convert_to_numpy(layer.apply(x, begins))
    np.testing.assert_allclose(y, expected, rtol=1e-5)
    np.testing.assert_array_equal(y[2], x[2])


def test_an_image_that_vanishes_is_zero():
    layer = DropBlock2D(0.5, 4)
    y = layer.apply(np.ones((2, 4, 4, 1), "float32"), np.array([1, 0]).reshape(2, 1, 1, 1) > 0)
    y = keras.ops.convert_to_numpy(y)
    assert np.all(y[0] == 0)
    assert np.all(y[1] == 1)


@pytest.mark.parametrize(("rate", "block_size"), [(0.1, 1), (0.1, 3), (0.3, 4)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_share_that_is_dropped(rate, block_size, data_format):
    height, width, images = 10, 13, 1500
    layer = DropBlock2D(rate, block_size, data_format=data_format, seed=1)
    shape = (images, height, width, 3)
    if data_format == "channels_first":
        shape = (images, 3, height, width)
    y = keras.ops.convert_to_numpy(layer(np.ones(shape, "float32"), training=True))
    gamma = rate / block_size**2 * height * width
    gamma /= (height - block_size + 1) * (width - block_size + 1)
    squares = np.zeros((height, width))  # how many squares would cover each pixel
    for i in range(height - block_size + 1):
        for j in range(width - block_size + 1):
            squares[i : i + block_size, j : j + block_size] += 1
    expected = 1 - (1 - gamma) ** squares
    channel = -1 if data_format == "channels_last" else 1
    dropped = (y == 0).mean((0, channel))
    np.testing.assert_allclose(dropped, expected, atol=0.03)
    assert abs(dropped.mean() - expected.mean()) < 0.006
    assert dropped.mean() < rate * 1.05
    np.testing.assert_allclose(y.mean((1, 2, 3)), 1, rtol=1e-4)  # the sum of ones is kept


def test_channels_drop_apart_and_draws_take_a_seed():
    layer = DropBlock2D(0.3, 3)
    draws = keras.ops.convert_to_numpy(layer.draw((4, 9, 8, 2), seed=1))
    assert draws.shape == (4, 7, 6, 2)
    assert np.any(draws[..., 0] != draws[..., 1])
    np.testing.assert_array_equal(
        draws, keras.ops.convert_to_numpy(layer.draw((4, 9, 8, 2), seed=1))
    )


def test_rate_zero_keeps_everything(rng):
    x = rng.normal(size=(1, 9, 9, 1)).astype("float32")
    y = keras.ops.convert_to_numpy(DropBlock2D(0)(x, training=True))
    np.testing.assert_array_equal(y, x)


@pytest.mark.tensorflow
def test_maps_of_unknown_size(rng):
    import tensorflow as tf

    x = rng.normal(size=(3, 6, 7, 2)).astype("float32")
    layer, other = (DropBlock2D(0.3, 3, seed=5) for _ in range(2))
    step = tf.function(
        lambda x: layer(x, training=True), input_signature=[tf.TensorSpec([None, None, None, 2])]
    )
    np.testing.assert_allclose(step(x), other(x, training=True), rtol=1e-6)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)"):
        DropBlock2D(1)
    with pytest.raises(ValueError, match="`block_size` must be a positive integer.*block_size=0"):
        DropBlock2D(0.1, 0)
    with pytest.raises(ValueError, match=r"`block_size` must not be larger.*=5.*\(1, 8, 4, 2\)"):
        DropBlock2D(0.1, 5)(np.ones((1, 8, 4, 2), "float32"))


@pytest.mark.parametrize("seed", [True, 1.5])
def test_seed_is_an_integer(seed):
    with pytest.raises(ValueError, match="`seed` must be an integer or None"):
        DropBlock2D(0.2, 3, seed=seed)


@pytest.mark.parametrize("floatx", ["float16", "float64"])
def test_default_float_type_does_not_matter(floatx):
    before = keras.config.floatx()
    keras.config.set_floatx(floatx)
    try:
        outputs = DropBlock2D(0.2, 3, dtype=floatx)(np.ones((2, 8, 9, 3), floatx), training=True)
    finally:
        keras.config.set_floatx(before)
    assert np.all(np.isfinite(keras.ops.convert_to_numpy(outputs)))
