"""The steps of layers: every rule is a layer of Keras, axes, and what is not known."""

import keras
import pytest
from catalog import CATALOG

from kerasbook import layers
from kerasbook.analysis.layer_steps import POSITION_WISE_OPERATIONS, RULES, layer_steps

POSITION_WISE = [[]]
ALL_POSITIONS = [[(None, 1, "valid")]]


def steps(layer, rank=4, data_format="channels_last"):
    return layer_steps(layer, rank, data_format)


def test_rules_name_layers_and_operations_of_keras():
    assert all(issubclass(getattr(keras.layers, name), keras.layers.Layer) for name in RULES)
    operations = {name.lower() for name in dir(keras.ops)}
    renamed = {"hardsigmoid", "hardsilu", "leakyrelu", "truedivide"}
    assert {name.lower() for name in POSITION_WISE_OPERATIONS} - renamed <= operations


def test_windows():
    conv = keras.layers.Conv2D(4, (3, 5), dilation_rate=(2, 1))
    assert steps(conv) == [[((5, 5), (1, 1), "valid")]]
    assert steps(layers.Conv2D(4, 3, strides=2, dilation_rate=3, padding="full")) == [
        [((7, 7), (2, 2), "full")]
    ]
    assert steps(keras.layers.SpectralNormalization(conv)) == [[conv]]
    assert steps(keras.layers.MaxPooling2D(3)) == [[((3, 3), (3, 3), "valid")]]
    assert steps(keras.layers.ZeroPadding1D((1, 2)), 3) == [[(1, 1, ((1, 2),))]]
    assert steps(keras.layers.Cropping2D(((1, 2), (3, 4)))) == [[(1, 1, ((-1, -2), (-3, -4)))]]


def test_axes():
    assert steps(keras.layers.LayerNormalization()) == POSITION_WISE
    assert steps(keras.layers.LayerNormalization(axis=[1, 2, 3])) == ALL_POSITIONS
    assert steps(keras.layers.Softmax(), data_format="channels_first") == ALL_POSITIONS
    assert steps(keras.layers.Softmax(axis=1), data_format="channels_first") == POSITION_WISE
    assert steps(keras.layers.Concatenate(axis=3)) == POSITION_WISE
    with pytest.raises(ValueError, match="joins along the axis 1, not that of the channels"):
        steps(keras.layers.Concatenate(axis=1))
    assert steps(keras.layers.Dense(3)) == POSITION_WISE
    with pytest.raises(ValueError, match="sums over the last axis"):
        steps(keras.layers.Dense(3), data_format="channels_first")


def test_a_layer_is_told_rank_and_format_if_it_asks():
    class Asking(keras.layers.Layer):
        def receptive_field_steps(self, rank, data_format):
            return [[(rank, 1, data_format)]]

    class Optional(keras.layers.Layer):
        def receptive_field_steps(self, extent=3, padding="same"):
            return [[(extent, 1, padding)]]

    assert steps(Asking(), 5, "channels_first") == [[(5, 1, "channels_first")]]
    assert steps(Optional()) == [[(3, 1, "same")]]


def test_own_layers_tell():
    assert steps(layers.DropPath(0.1)) == steps(layers.ChannelShuffle(2)) == POSITION_WISE
    assert steps(layers.SqueezeExcite()) == steps(layers.GroupNormalization(1)) == ALL_POSITIONS
    assert steps(layers.BatchNormalization()) == POSITION_WISE


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv2DTranspose(2, 3),
        keras.layers.UpSampling2D(),
        keras.layers.Lambda(lambda x: x),
        keras.layers.TimeDistributed(keras.layers.Dense(2)),
    ],
)
def test_other_layers_are_not_known(layer):
    with pytest.raises(ValueError, match=f"class {type(layer).__name__} can tell by a method"):
        steps(layer)


# Their fields differ from place to place.
WITHOUT = {"FractionalMaxPooling2D", "MaxUnpooling2D"}


@pytest.mark.parametrize("case", CATALOG, ids=lambda case: case.name)
def test_every_layer_of_the_library_has_steps(case):
    layer = case.layer()
    rank = len(case.inputs()[0].shape if isinstance(case.inputs(), list) else case.inputs().shape)
    if case.name in WITHOUT:
        with pytest.raises(ValueError, match="is not known"):
            layer_steps(layer, rank, "channels_last")
    else:
        steps = layer_steps(layer, rank, "channels_last")
        assert all(isinstance(branch, list) for branch in steps)
