"""Conv2D: Keras' numbers where Keras has them, the definition where it has not."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import Conv2D


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize(
    "options",
    [
        {"strides": 2, "padding": "same", "activation": "relu"},
        {"groups": 3, "padding": "same"},
        {"dilation_rate": (2, 1), "use_bias": False},
        {"groups": 2, "strides": (1, 2), "activation": "tanh"},
    ],
)
def test_drop_in_for_keras(options, rng):
    x = rng.normal(size=(2, 9, 10, 6)).astype("float32")
    ours, theirs = Conv2D(6, (3, 2), **options), keras.layers.Conv2D(6, (3, 2), **options)
    ours.build(x.shape)
    theirs.build(x.shape)
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    ours.set_weights([rng.normal(size=w.shape) for w in ours.weights])
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(numpy(ours(x)), numpy(theirs(x)), atol=1e-5)


@pytest.mark.parametrize("padding", ["valid", "same", "full"])
def test_strides_dilation_and_groups_at_once(padding, rng):
    x = rng.normal(size=(2, 11, 12, 4)).astype("float32")
    options = {"strides": (2, 3), "padding": padding, "dilation_rate": (2, 1)}
    layer = Conv2D(6, (3, 2), groups=2, **options)
    layer.build(x.shape)
    layer.bias.assign(rng.normal(size=6))
    expected = convolve(x, numpy(layer.kernel), **options) + numpy(layer.bias)
    np.testing.assert_allclose(numpy(layer(x)), expected, atol=1e-4)


def test_channels_first(rng):
    x = rng.normal(size=(2, 9, 7, 4)).astype("float32")
    last = Conv2D(6, 3, groups=2, padding="full")
    first = Conv2D(6, 3, groups=2, padding="full", data_format="channels_first")
    expected = numpy(last(x))
    first.build((2, 4, 9, 7))
    first.set_weights(last.get_weights())
    y = numpy(first(x.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(y.transpose(0, 2, 3, 1), expected, atol=1e-5)
    assert first.compute_output_shape((None, 4, 9, None)) == (None, 6, 11, None)


@pytest.mark.tensorflow
@pytest.mark.parametrize("padding", ["valid", "same", "full"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_empty_batch_keeps_its_sizes(padding, dtype):
    layer = Conv2D(6, 3, groups=2, strides=2, dilation_rate=2, padding=padding, dtype=dtype)
    x = np.zeros((0, 9, 8, 4), dtype)
    assert tuple(layer(x).shape) == layer.compute_output_shape(x.shape)


def test_groups_divide_the_weights():
    counts = [Conv2D(12, 3, groups=g, use_bias=False) for g in (1, 2, 3, 6)]
    for layer in counts:
        layer.build((None, 8, 8, 12))
    assert [layer.count_params() * layer.groups for layer in counts] == [9 * 144] * 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": 0}, "`filters` must be a positive integer. Received: filters=0"),
        (
            {"filters": 6, "groups": 4},
            "`filters` must be a multiple of `groups`.*filters=6, groups=4",
        ),
        ({"groups": -1}, "`groups` must be a positive integer.*groups=-1"),
        ({"kernel_size": (3, 0)}, r"`kernel_size` must be .*kernel_size=\(3, 0\)"),
        ({"strides": 0}, "`strides` must be .*strides=0"),
        ({"dilation_rate": (1, 2, 3)}, r"`dilation_rate` must be .*\(1, 2, 3\)"),
        ({"padding": "causal"}, "`padding` must be one of .*padding='causal'"),
        ({"data_format": "nhwc"}, "`data_format` must be .*data_format='nhwc'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Conv2D(**{"filters": 4, "kernel_size": 3, **arguments})


def test_bad_inputs_are_named():
    with pytest.raises(ValueError, match=r"`groups` must divide .*groups=2, channels=3"):
        Conv2D(4, 3, groups=2).build((1, 8, 8, 3))
    with pytest.raises(ValueError, match="must not be larger than the inputs"):
        Conv2D(4, 3, dilation_rate=4)(np.zeros((1, 8, 8, 3), "float32"))
    with pytest.raises(ValueError, match="static size"):
        Conv2D(4, 3).build((None, 8, 8, None))
    with pytest.raises(ValueError, match="expected ndim=4"):
        Conv2D(4, 3)(np.zeros((8, 8, 3), "float32"))


def test_the_books_cross_correlation_of_two_channels():
    image = np.arange(9.0, dtype="float32").reshape(3, 3)
    taps = np.arange(4.0).reshape(2, 2)
    one = Conv2D(1, 2, use_bias=False)
    one.build((1, 3, 3, 1))
    one.set_weights([taps[..., None, None]])
    assert numpy(one(image[None, ..., None])).reshape(2, 2).tolist() == [[19, 25], [37, 43]]
    two = Conv2D(1, 2, use_bias=False)
    two.build((1, 3, 3, 2))
    two.set_weights([np.stack([taps, taps + 1], -1)[..., None]])
    y = numpy(two(np.stack([image, image + 1], -1)[None]))
    assert y.reshape(2, 2).tolist() == [[56, 72], [104, 120]]


def test_the_books_volume_of_11_x_11_x_4(rng):
    x = rng.normal(size=(1, 11, 11, 4)).astype("float32")
    layer = Conv2D(2, 5, strides=2)
    layer.build(x.shape)
    layer.bias.assign([0.5, -1])
    kernel, bias = layer.get_weights()
    y = numpy(layer(x))[0]
    assert y.shape == (4, 4, 2)
    first = np.sum(x[0, :5, :5] * kernel[..., 0]) + bias[0]
    other = np.sum(x[0, 4:9, 6:11] * kernel[..., 1]) + bias[1]
    np.testing.assert_allclose([y[0, 0, 0], y[2, 3, 1]], [first, other], rtol=1e-4)
