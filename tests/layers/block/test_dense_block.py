"""DenseBlock: its definition, DenseNet's counts, its dropout, bad arguments."""

import keras
import numpy as np
import pytest
from helpers.units import Units, built, outputs

from kerasbook.layers import BatchNormalization, DenseBlock, TransitionBlock


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("bottleneck_ratio", [None, 2])
def test_definition(data_format, training, bottleneck_ratio, rng):
    x = rng.normal(size=(3, 5, 7, 4))
    options = {"bottleneck_ratio": bottleneck_ratio, "kernel_size": (3, 1)}
    block = built(DenseBlock, 3, 2, shape=x.shape, data_format=data_format, **options)
    units = Units(block, rng, training)
    # The weights of a unit are those of its convolution, then those of its normalization.
    y = x
    for _ in range(3):
        new = y
        for _ in range(1 if bottleneck_ratio is None else 2):
            kernel = units.weight()
            new = units.first(new)
            units.left.insert(0, kernel)
            new = units.conv(new)
        y = np.concatenate([y, new], -1)
    np.testing.assert_allclose(outputs(block, x, training), y, rtol=1e-4, atol=1e-4)
    assert not units.left


@pytest.mark.tensorflow
def test_the_blocks_of_keras_applications():
    model = keras.applications.DenseNet121(False, None, input_shape=(32, 32, 3))
    block, transition = DenseBlock(6, 32), TransitionBlock()
    block.build((None, 8, 8, 64))
    transition.build((None, 8, 8, 256))
    for ours, prefix in ((block, "conv2_block"), (transition, "pool2_")):
        theirs = [layer for layer in model.layers if layer.name.startswith(prefix)]
        assert ours.count_params() == sum(layer.count_params() for layer in theirs)
    assert transition.count_params() == 256 * 128 + 4 * 256


def test_a_functional_composition_of_keras(rng):
    def layer(x):
        for filters, k in ((12, 1), (3, 3)):
            x = keras.layers.BatchNormalization(epsilon=1e-4)(x)
            x = keras.layers.Activation("relu")(x)
            x = keras.layers.Conv2D(filters, k, padding="same", use_bias=False)(x)
        return x

    image = x = keras.Input((5, 7, 4))
    for _ in range(2):
        x = keras.layers.Concatenate()([x, layer(x)])
    peer = keras.Model(image, x)
    block = DenseBlock(2, 3, normalization=BatchNormalization(epsilon=1e-4))
    block.build((None, 5, 7, 4))
    weights = [w.get_weights() for w in peer.layers if w.weights]
    order = [weights[i + 1] + weights[i] for i in range(0, len(weights), 2)]
    block.set_weights([w for pair in order for w in pair])
    x = rng.normal(size=(3, 5, 7, 4)).astype("float32")
    for training in (False, True):
        y = keras.ops.convert_to_numpy(peer(x, training=training))
        np.testing.assert_allclose(outputs(block, x, training), y, atol=1e-4)


def test_dropout_zeroes_values_of_what_is_added(rng):
    x = rng.normal(size=(2, 8, 9, 4)).astype("float32")
    options = {"dropout_rate": 0.25, "normalization": None, "seed": 2, "activation": None}
    block = built(DenseBlock, 2, 6, shape=x.shape, **options)
    y, plain = outputs(block, x, training=True), outputs(block, x)
    np.testing.assert_array_equal(y[..., :4], x)
    kept = y[..., 4:10] != 0
    assert 0.65 < kept.mean() < 0.85
    np.testing.assert_allclose(y[..., 4:10][kept], plain[..., 4:10][kept] / 0.75, rtol=1e-5)
    assert np.any(kept != (y[..., 10:] != 0))  # each layer has its own coins
    again = built(DenseBlock, 2, 6, shape=x.shape, **options)
    again.set_weights(block.get_weights())
    same = built(DenseBlock, 2, 6, shape=x.shape, **options)
    for mine, theirs in zip(same.trainable_weights, block.trainable_weights, strict=True):
        mine.assign(theirs)
    np.testing.assert_array_equal(outputs(same, x, training=True), y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_layers": 0}, "`num_layers` must be .*num_layers=0"),
        ({"growth_rate": 0}, "`growth_rate` must be .*growth_rate=0"),
        ({"kernel_size": 0}, "`kernel_size` must be "),
        ({"bottleneck_ratio": 0}, "`bottleneck_ratio` must be .*=0"),
        ({"dropout_rate": 1.5}, "`dropout_rate` must be in .*=1.5"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        DenseBlock(**{"num_layers": 2, "growth_rate": 2, **options})


def test_unknown_channels_are_named():
    with pytest.raises(ValueError, match="static size"):
        DenseBlock(2, 3).build((None, 8, 8, None))
