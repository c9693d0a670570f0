"""DropConnectConv2D: given masks in NumPy, its draws, and `Conv2D` outside training."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import Conv2D, DropConnectConv2D

OPTIONS = {"strides": (2, 1), "groups": 2, "activation": "relu", "bias_initializer": "ones"}


@pytest.mark.parametrize("per_image", [True, False])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same", "full"])
def test_apply_is_the_definition(rng, per_image, data_format, padding):
    x = rng.normal(size=(3, 6, 7, 4)).astype("float32")
    options = {**OPTIONS, "padding": padding, "data_format": data_format}
    layer = DropConnectConv2D(6, (3, 2), rate=0.2, per_image=per_image, **options)
    given = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    layer.build(given.shape)
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    survives = rng.uniform(size=(3 if per_image else 1, *kernel.shape)) < 0.8
    y = keras.ops.convert_to_numpy(layer.apply(given, survives))
    y = y if data_format == "channels_last" else y.transpose(0, 2, 3, 1)
    for n in range(3):
        masked = np.where(survives[n if per_image else 0], kernel / 0.8, 0)
        expected = convolve(x[n : n + 1], masked, (2, 1), padding) + 1
        np.testing.assert_allclose(y[n : n + 1], np.maximum(expected, 0), atol=1e-5)


def test_outside_training_it_is_conv2d(rng):
    x = rng.normal(size=(2, 6, 7, 4)).astype("float32")
    layer, plain = DropConnectConv2D(6, 3, **OPTIONS), Conv2D(6, 3, **OPTIONS)
    plain.build(x.shape)
    layer.build(x.shape)
    for weight, other in zip(layer.trainable_weights, plain.weights, strict=True):
        other.assign(weight)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(layer(x)), keras.ops.convert_to_numpy(plain(x))
    )
    zero = DropConnectConv2D(6, 3, rate=0, seed=1)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(zero(x, training=True)), keras.ops.convert_to_numpy(zero(x))
    )


def test_draws_are_bernoulli_and_of_each_image():
    layer = DropConnectConv2D(20, 2, rate=0.3, seed=1)
    layer.build((None, 4, 5, 10))
    draws = keras.ops.convert_to_numpy(layer.draw(50))
    assert draws.shape == (50, 2, 2, 10, 20)
    assert abs(draws.mean() - 0.7) < 0.01
    assert len(np.unique(draws.reshape(50, -1), axis=0)) == 50
    shared = DropConnectConv2D(20, 2, rate=0.3, per_image=False)
    shared.build((None, 4, 5, 10))
    assert tuple(shared.draw(50).shape) == (1, 2, 2, 10, 20)


@pytest.mark.slow("takes the mean of thousands of convolutions; the draws are tested above")
def test_draws_and_the_mean(rng):
    x = np.repeat(rng.normal(size=(1, 5, 4, 2)).astype("float32"), 4000, axis=0)
    layer = DropConnectConv2D(3, 2, rate=0.3, seed=1)
    plain = keras.ops.convert_to_numpy(layer(x[:1]))
    drawn = keras.ops.convert_to_numpy(layer(x, training=True))
    error = 5 * drawn.std(0) / np.sqrt(len(x))
    assert np.all(np.abs(drawn.mean(0) - plain[0]) < error)
    survives = keras.ops.convert_to_numpy(layer.draw(4000, seed=2))
    assert survives.shape == (4000, 2, 2, 2, 3)
    assert abs(survives.mean() - 0.7) < 0.01
    shared = DropConnectConv2D(3, 2, per_image=False)
    y = keras.ops.convert_to_numpy(shared(x[:8], training=True))
    assert len(np.unique(y.reshape(8, -1).round(5), axis=0)) == 1


@pytest.mark.tensorflow
def test_images_of_unknown_size(rng):
    import tensorflow as tf

    x = rng.normal(size=(3, 6, 7, 4)).astype("float32")
    layer, other = (DropConnectConv2D(6, 3, seed=1, padding="same", **OPTIONS) for _ in range(2))
    layer.build(x.shape)
    other.build(x.shape)
    other.set_weights(layer.get_weights())
    step = tf.function(
        lambda x: layer(x, training=True), input_signature=[tf.TensorSpec([None, None, None, 4])]
    )
    np.testing.assert_allclose(step(x), other(x, training=True), atol=1e-6)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\).*rate=-1"):
        DropConnectConv2D(2, 3, rate=-1)
    with pytest.raises(ValueError, match="`filters` must be a positive integer"):
        DropConnectConv2D(0, 3)


@pytest.mark.parametrize("seed", [True, 1.5])
def test_seed_is_an_integer(seed):
    with pytest.raises(ValueError, match="`seed` must be an integer or None"):
        DropConnectConv2D(2, 3, seed=seed)


@pytest.mark.parametrize("name", ["per_image"])
def test_flags_are_true_or_false(name):
    with pytest.raises(ValueError, match=f"`{name}` must be True or False"):
        DropConnectConv2D(2, 3, **{name: None})


def test_a_batch_of_none():
    x = np.zeros((0, 6, 7, 3), "float32")
    assert tuple(DropConnectConv2D(2, 3)(x, training=True).shape) == (0, 4, 5, 2)
