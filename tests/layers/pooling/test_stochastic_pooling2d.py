"""StochasticPooling2D: given draws, the distribution of its own, the mean at test time."""

import keras
import numpy as np
import pytest
from helpers.definitions import pooling_windows

from kerasbook.layers import StochasticPooling2D

GEOMETRIES = [((2, 2), (2, 2), "valid"), ((2, 3), (1, 2), "valid"), ((3, 2), (2, 3), "same")]


def image(rng):
    x = rng.normal(size=(2, 6, 8, 3)).astype("float32")
    x[:, :2, :2] = -1  # a window without a positive pixel
    return x


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_apply_takes_the_pixel_that_the_draw_falls_on(rng, geometry):
    x = image(rng)
    pool_size, strides, padding = geometry
    layer = StochasticPooling2D(pool_size, strides=strides, padding=padding)
    taken = np.maximum(pooling_windows(x, *geometry, fill=0), 0)
    draws = rng.uniform(size=taken.shape[:-1]).astype("float32")
    draws[:, ::2] = 0  # falls on the first pixel above zero
    expected = np.zeros(taken.shape[:-1], "float32")
    for place in np.ndindex(*expected.shape):
        total = taken[place].sum()
        if total > 0:
            shares = np.cumsum(taken[place]) / total
            expected[place] = taken[place][np.argmax(shares > draws[place])]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer.apply(x, draws)), expected)
    first = StochasticPooling2D(
        pool_size, strides=strides, padding=padding, data_format="channels_first"
    )
    y = keras.ops.convert_to_numpy(first.apply(x.transpose(0, 3, 1, 2), draws))
    np.testing.assert_array_equal(y.transpose(0, 2, 3, 1), expected)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_outside_training_comes_the_weighted_mean(rng, geometry, data_format):
    x = image(rng)
    pool_size, strides, padding = geometry
    layer = StochasticPooling2D(
        pool_size, strides=strides, padding=padding, data_format=data_format
    )
    taken = np.maximum(pooling_windows(x, *geometry, fill=0), 0)
    with np.errstate(invalid="ignore"):
        shares = taken / taken.sum(-1, keepdims=True)
    expected = np.nan_to_num((shares * taken).sum(-1))
    if data_format == "channels_first":
        y = keras.ops.convert_to_numpy(layer(x.transpose(0, 3, 1, 2))).transpose(0, 2, 3, 1)
    else:
        y = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, expected, rtol=1e-5)
    assert np.any(expected == 0)


def test_pixels_are_drawn_in_proportion_and_apart():
    x = np.tile(np.array([[1, 2], [-3, 5]], "float32")[None, :, :, None], (4000, 3, 1, 2))
    y = keras.ops.convert_to_numpy(StochasticPooling2D(2, seed=1)(x, training=True))
    assert y.shape == (4000, 3, 1, 2)
    for value, share in ((1, 1 / 8), (2, 2 / 8), (5, 5 / 8), (-3, 0), (0, 0)):
        assert abs((y == value).mean() - share) < 0.012
    for axis_pair in ((y[:, 0], y[:, 1]), (y[..., 0], y[..., 1])):  # windows, channels
        assert abs(np.corrcoef(*(v.ravel() for v in axis_pair))[0, 1]) < 0.05


def test_draw_has_the_shape_of_the_outputs_and_takes_a_seed():
    layer = StochasticPooling2D(2, data_format="channels_first")
    draws = keras.ops.convert_to_numpy(layer.draw((3, 4, 6, 8), seed=3))
    assert draws.shape == (3, 3, 4, 4)
    np.testing.assert_array_equal(
        draws, keras.ops.convert_to_numpy(layer.draw((3, 4, 6, 8), seed=3))
    )


@pytest.mark.tensorflow
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_images_of_unknown_size(rng, padding):
    import tensorflow as tf

    x = tf.constant(image(rng))
    layer, other = (StochasticPooling2D(3, strides=2, padding=padding, seed=5) for _ in range(2))
    step = tf.function(
        lambda x: layer(x, training=True), input_signature=[tf.TensorSpec([None, None, None, 3])]
    )
    np.testing.assert_array_equal(step(x).numpy(), other(x, training=True).numpy())


@pytest.mark.tensorflow
def test_gradient_goes_to_the_pixel_drawn(rng):
    import tensorflow as tf

    x = tf.constant([[[[1.0], [2.0]], [[3.0], [4.0]]]] * 2)
    layer = StochasticPooling2D(2)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer.apply(x, np.array([0.05, 0.5], "float32").reshape(2, 1, 1, 1))
    np.testing.assert_array_equal(y.numpy().ravel(), [1, 3])
    np.testing.assert_array_equal(
        tape.gradient(y, x).numpy().reshape(2, 4), [[1, 0, 0, 0], [0, 0, 1, 0]]
    )


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`pool_size` must be"):
        StochasticPooling2D(0)
    with pytest.raises(ValueError, match="must not be larger"):
        StochasticPooling2D(5)(np.ones((1, 4, 6, 1), "float32"))


@pytest.mark.parametrize("training", [False, True])
def test_a_nan_stays(training):
    x = np.ones((1, 2, 4, 1), "float32")
    x[0, 1, 0, 0] = np.nan
    outputs = StochasticPooling2D(2, seed=1)(x, training=training)
    np.testing.assert_array_equal(
        np.ravel(np.isnan(keras.ops.convert_to_numpy(outputs))), [True, False]
    )


def test_seed_is_an_integer():
    with pytest.raises(ValueError, match="`seed` must be an integer or None"):
        StochasticPooling2D(2, seed=1.5)
