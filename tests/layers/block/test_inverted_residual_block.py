"""InvertedResidualBlock: its definition, MobileNetV2's blocks, its start, bad arguments."""

import keras
import numpy as np
import pytest
from helpers.units import Units, built, outputs

from kerasbook import layers
from kerasbook.layers import InvertedResidualBlock


def relu6(x):
    return np.clip(x, 0, 6)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("filters", "strides"), [(4, (1, 1)), (3, (1, 1)), (4, (2, 1))])
def test_definition(data_format, training, filters, strides, rng):
    x = rng.normal(size=(3, 5, 7, 4))
    options = {"expansion_ratio": 2.5, "kernel_size": (3, 5), "strides": strides}
    block = built(InvertedResidualBlock, filters, shape=x.shape, data_format=data_format, **options)
    units = Units(block, rng, training)
    y = relu6(units.unit(x, relu=False))
    assert y.shape[-1] == 10
    y = relu6(units.unit(y, strides, depthwise=True, relu=False))
    y = units.unit(y, relu=False)
    if filters == 4 and strides == (1, 1):
        y = x + y
    np.testing.assert_allclose(outputs(block, x, training), y, rtol=1e-4, atol=1e-4)
    assert not units.left


def test_without_expansion_and_with_a_gate(rng):
    x = rng.normal(size=(2, 5, 7, 4))
    gate = layers.SqueezeExcite(2, gate_activation="hard_sigmoid")
    options = {"expansion_ratio": 1, "squeeze_excite": gate, "activation": "relu"}
    block = built(InvertedResidualBlock, 4, shape=x.shape, **options)
    units = Units(block, rng)
    y = units.unit(x, depthwise=True)
    w1, b1, w2, b2 = (units.weight() for _ in range(4))
    s = np.maximum(y.mean((1, 2)) @ w1 + b1, 0) @ w2 + b2
    y = units.unit(y * np.clip(s / 6 + 0.5, 0, 1)[:, None, None], relu=False)
    np.testing.assert_allclose(outputs(block, x), x + y, rtol=1e-4, atol=1e-4)


@pytest.mark.tensorflow
def test_the_blocks_of_keras_applications(rng):
    model = keras.applications.MobileNetV2((32, 32, 3), 0.35, False, None)
    # One without expansion, one that halves the size, one that adds.
    for number, (filters, strides, start) in {
        "expanded_conv": (8, 1, "Conv1_relu"),
        "block_1": (8, 2, "expanded_conv_project_BN"),
        "block_2": (8, 1, "block_1_project_BN"),
    }.items():
        end = f"{number}_add" if number == "block_2" else f"{number}_project_BN"
        peer = keras.Model(model.get_layer(start).output, model.get_layer(end).output)
        for weight in peer.weights:
            weight.assign(rng.uniform(0.2, 1.0, weight.shape) - 0.5 * (len(weight.shape) == 4))
        block = InvertedResidualBlock(
            filters, strides=strides, expansion_ratio=1 if number == "expanded_conv" else 6
        )
        block.build(peer.input_shape)
        block.set_weights(peer.get_weights())
        x = rng.normal(size=(2, *peer.input_shape[1:])).astype("float32")
        y = keras.ops.convert_to_numpy(peer(x))
        np.testing.assert_allclose(outputs(block, x), y, rtol=1e-4, atol=1e-4)


def test_zero_init_last_begins_as_the_identity(rng):
    x = rng.normal(size=(2, 5, 6, 4)).astype("float32")
    block = InvertedResidualBlock(4, zero_init_last=True)
    for training in (False, True):
        np.testing.assert_array_equal(outputs(block, x, training), x)


def test_drop_path_is_there_where_something_is_added():
    options = {"drop_path_rate": 0.5, "seed": 1}
    x = np.repeat(np.random.default_rng(0).normal(size=(1, 4, 5, 4)), 32, 0)
    adds = built(InvertedResidualBlock, 4, shape=x.shape, **options)
    same = np.abs(outputs(adds, x, training=True) - x).max((1, 2, 3)) < 1e-6
    assert 4 < same.sum() < 28
    narrows = built(InvertedResidualBlock, 3, shape=x.shape, **options)
    assert not any("seed" in variable.path for variable in narrows.variables)


@pytest.mark.parametrize("value", [0, 0.5, "6", None, True])
def test_bad_expansion_ratio_is_named(value):
    with pytest.raises(ValueError, match="`expansion_ratio` must be a number of at least 1.*="):
        InvertedResidualBlock(4, expansion_ratio=value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": 0}, "`filters` must be .*filters=0"),
        ({"kernel_size": 0}, "`kernel_size` must be "),
        ({"strides": (1, 0)}, "`strides` must be "),
        ({"drop_path_rate": 1}, "`drop_path_rate` must be in"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        InvertedResidualBlock(**{"filters": 4, **options})
