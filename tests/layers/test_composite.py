"""The base of composite layers: which normalization, which bias, whose initializer."""

import keras
import numpy as np
import pytest

from kerasbook import layers
from kerasbook.layers.composite import Block

SHAPE = (None, 6, 6, 48)


def made(**options):
    layer = layers.StackedConv2D(48, 5, **options)
    layer.build(SHAPE)
    return layer.body.parts


@pytest.mark.parametrize(
    ("normalization", "kind", "groups"),
    [
        ("batch", layers.BatchNormalization, None),
        ("group", layers.GroupNormalization, 16),
        ("instance", layers.InstanceNormalization, None),
        (keras.layers.LayerNormalization(epsilon=0.5), keras.layers.LayerNormalization, None),
    ],
)
def test_every_place_gets_its_own_normalization(normalization, kind, groups):
    first, second = (unit.normalization for unit in made(normalization=normalization))
    assert type(first) is type(second) is kind
    assert first is not second
    assert first.gamma is not second.gamma
    if groups:
        assert first.groups == groups
    if kind is keras.layers.LayerNormalization:
        assert first.epsilon == 0.5


def test_a_layer_as_normalization_survives_the_config():
    layer = layers.StackedConv2D(4, 3, normalization=layers.GroupNormalization(2, epsilon=0.1))
    again = layers.StackedConv2D.from_config(layer.get_config())
    assert again.normalization.get_config()["epsilon"] == 0.1


@pytest.mark.parametrize(
    ("use_bias", "normalization", "biases"),
    [(None, "batch", 0), (None, None, 2), (True, "batch", 2), (False, None, 0)],
)
def test_biases_stand_where_no_normalization_follows(use_bias, normalization, biases):
    units = made(use_bias=use_bias, normalization=normalization)
    assert sum(unit.convolution.use_bias for unit in units) == biases


def test_a_convolution_after_its_activation_has_a_bias():
    layer = layers.StackedConv2D(4, 3, normalization="batch")
    assert layer.unit(4, 3, activation_first=True).convolution.use_bias
    assert not layer.unit(4, 3).convolution.use_bias


def test_a_seeded_initializer_starts_every_part_apart_and_the_same_every_time():
    initializer = keras.initializers.HeNormal(seed=1)

    def kernels():
        units = made(kernel_initializer=initializer)
        return [keras.ops.convert_to_numpy(unit.convolution.kernel) for unit in units]

    (first, second), again = kernels(), kernels()
    assert np.any(first != second)
    np.testing.assert_array_equal([first, second], again)
    alone = layers.Conv2D(48, 3, kernel_initializer=initializer)
    alone.build(SHAPE)
    np.testing.assert_array_equal(first, keras.ops.convert_to_numpy(alone.kernel))


def test_an_activation_with_weights_is_each_part_s_own():
    layer = layers.AsymmetricConv2D(2, 3, padding="valid", activation=keras.layers.PReLU())
    x = np.ones((1, 6, 7, 2), "float32")
    assert layer(x).shape == (1, 4, 5, 2)
    first, second = (unit.activation.alpha for unit in layer.body.parts)
    assert (tuple(first.shape), tuple(second.shape)) == ((6, 5, 2), (4, 5, 2))


def test_a_block_begins_with_other_defaults():
    class Plain(Block):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.body = self.unit(3, 3, zero_scale=True)

    layer = Plain()
    x = np.random.default_rng(0).normal(size=(2, 5, 5, 2)).astype("float32")
    assert not np.any(keras.ops.convert_to_numpy(layer(x)))
    assert layer.normalization == "batch"
    assert layer.activation is keras.activations.relu


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalization": "layer"}, "`normalization` must be None, one of .*'layer'"),
        ({"use_bias": "no"}, "`use_bias` must be True, False or None.*'no'"),
        ({"data_format": "first"}, "`data_format` must be"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        layers.StackedConv2D(4, 3, **options)


def test_wrong_rank_is_named():
    with pytest.raises(ValueError, match="expected ndim=4"):
        layers.StackedConv2D(4, 3)(np.zeros((3, 5, 5), "float32"))


def test_zero_scale_without_a_normalization_after_it_is_a_kernel_of_zeros():
    class Plain(Block):
        def __init__(self, unit, **kwargs):
            super().__init__(**kwargs)
            self.body = self.unit(3, 3, zero_scale=True, **unit)

    x = np.random.default_rng(0).normal(size=(2, 5, 5, 2)).astype("float32")
    for unit in ({"normalization": None}, {"activation_first": True}, {"depthwise": True}):
        assert not np.any(keras.ops.convert_to_numpy(Plain(unit)(x)))
    before = Plain({"activation_first": True})
    before.build((None, 5, 5, 2))
    assert np.all(keras.ops.convert_to_numpy(before.body.normalization.gamma) == 1)


def test_activated_normalizes_any_layer():
    block = Block(normalization="batch")
    unit = block.activated(keras.layers.MaxPooling2D(2))
    x = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype("float32")
    y = keras.ops.convert_to_numpy(unit(x))
    expected = np.maximum(x.reshape(2, 2, 2, 3, 2, 3).max((2, 4)), 0)
    np.testing.assert_allclose(y, expected / np.sqrt(1.001), rtol=1e-5)


def test_same_shape_divides_the_places_by_the_strides():
    assert Block().same_shape((2, 5, None, 3), 7, (2, 3)) == (2, 3, None, 7)
    first = Block(data_format="channels_first")
    assert first.same_shape((None, 3, 5, 9), 7, (2, 3)) == (None, 7, 3, 3)


@pytest.mark.parametrize("when", ["constructor", "before", "after"])
def test_what_is_frozen_stays_frozen(when, tmp_path):
    layer = layers.StackedConv2D(3, 3, normalization="batch", trainable=when != "constructor")
    if when == "before":
        layer.trainable = False
    model = keras.Sequential([keras.Input((6, 6, 2)), layer])
    layer.trainable = False
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(3, 1, (4, 6, 6, 2)).astype("float32")
    for frozen in (model, keras.saving.load_model(tmp_path / "model.keras")):
        frozen(x, training=True)
        norm = frozen.layers[0].body.parts[0].normalization
        assert not norm.trainable
        assert not np.any(keras.ops.convert_to_numpy(norm.moving_mean))


def test_a_part_may_have_another_normalization():
    class Plain(Block):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.body = self.unit(4, 3, normalization="group")

    layer = Plain()
    layer.build((None, 5, 5, 2))
    assert type(layer.body.normalization) is layers.GroupNormalization
