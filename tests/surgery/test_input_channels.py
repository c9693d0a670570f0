"""change_input_channels: equal responses to equal channels, what is adapted, and what cannot be."""

import keras
import numpy as np
import pytest
from helpers.changed_models import changed, numpy, randomize

from kerasbook import applications, layers
from kerasbook.surgery import change_input_channels

L = keras.layers


def check_grey(old, channels, rng, folder):
    """Changes a model and checks that images of equal channels give what they gave."""
    new = changed(old, lambda model: change_input_channels(model, channels), folder)
    axis = 1 if old.inputs[0].shape[1] in (2, 3) else -1
    shape = [size or 8 for size in old.inputs[0].shape[1:]]
    shape[axis if axis == -1 else 0] = 1
    grey = rng.normal(size=(2, *shape)).astype("float32")
    before, after = (np.repeat(grey, m.inputs[0].shape[axis], axis) for m in (old, new))
    expected = numpy(old(before))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(numpy(new(after)), expected, rtol=1e-4, atol=1e-5 * scale)
    return new


def plain(x):
    return L.Conv2D(4, 3, name="conv")(x)


def through_layers_without_weights(x):
    x = L.ZeroPadding2D(1)(L.Rescaling(0.5, offset=-1)(x))
    return L.Conv2D(4, 3, name="conv")(L.MaxPooling2D(2)(L.Dropout(0.5)(x)))


def several_readers(x):
    y = L.Conv2D(4, 3, padding="same", strides=2, name="conv")(x)
    others = [L.Conv2D(3, 1, strides=2)(x), L.Conv2D(2, 2, strides=2, padding="same")(x)]
    return L.Concatenate()([y, *others])


def within_a_model(x):
    inner = keras.Input((8, 9, 3))
    y = keras.Sequential([keras.Input((8, 9, 3)), L.ZeroPadding2D(1), L.Conv2D(4, 3)])(inner)
    model = keras.Model(inner, L.BatchNormalization()(y), name="inner")
    return keras.Sequential([keras.Input((8, 9, 4)), L.Conv2D(2, 1)])(model(L.Rescaling(2.0)(x)))


def within_blocks(x):
    first = layers.ResidualBlock(4, strides=2, normalization="batch")(x)
    second = layers.InceptionBlock(2, (3, 2), filters_5x5=(2, 3), pool_filters=2)(x)
    return L.Concatenate()([first, L.AveragePooling2D(2, padding="same")(second)])


@pytest.mark.parametrize("channels", [1, 2, 4, 6, 7])
@pytest.mark.parametrize(
    "build",
    [
        *(plain, through_layers_without_weights, several_readers),
        *(within_a_model, within_blocks),
    ],
)
def test_equal_channels_give_the_same(build, channels, rng, tmp_path):
    image = keras.Input((8, 9, 3), name="image")
    x = L.Dense(3)(L.GlobalAveragePooling2D()(L.Conv2D(3, 1, name="last")(build(image))))
    old = randomize(keras.Model(image, x), rng)
    new = check_grey(old, channels, rng, tmp_path)
    assert new.input_shape == (None, 8, 9, channels)
    assert new.inputs[0].name == "image"
    np.testing.assert_array_equal(
        numpy(new.get_layer("last").kernel), numpy(old.get_layer("last").kernel)
    )


def test_kernels(rng):
    old = randomize(keras.Sequential([keras.Input((None, None, 3)), plain_layer()]), rng)
    a, b, c = np.moveaxis(numpy(old.layers[0].kernel), 2, 0)
    expected = {
        1: [a + b + c],
        2: [a + c, b],
        3: [a, b, c],
        4: [a / 2, b, c, a / 2],
        6: [a / 2, b / 2, c / 2] * 2,
    }
    for channels, kernels in expected.items():
        new = change_input_channels(old, channels)
        assert isinstance(new, keras.Sequential)
        assert new.input_shape == (None, None, None, channels)
        result = np.moveaxis(numpy(new.layers[0].kernel), 2, 0)
        np.testing.assert_allclose(result, kernels, rtol=1e-6)
        np.testing.assert_array_equal(numpy(new.layers[0].bias), numpy(old.layers[0].bias))


def plain_layer():
    return layers.Conv2D(4, (3, 2), name="conv")


@pytest.mark.parametrize("shape", [(9, 3), (5, 6, 7, 3)])
def test_other_ranks(shape, rng, tmp_path):
    kind = L.Conv1D if len(shape) == 2 else layers.Conv3D
    old = randomize(keras.Sequential([keras.Input(shape), kind(4, 3)]), rng)
    check_grey(old, 2, rng, tmp_path)


def test_channels_first(rng, tmp_path):
    conv = layers.Conv2D(4, 3, data_format="channels_first")
    old = randomize(keras.Sequential([keras.Input((3, 6, 7)), conv]), rng)
    assert check_grey(old, 2, rng, tmp_path).input_shape == (None, 2, 6, 7)


def test_a_padding_of_channels_is_not_the_format(rng, tmp_path):
    """Shortcuts without weights pad channels as if they were the height."""
    model = randomize(applications.create_model("cifar_resnet_test"), rng)
    assert check_grey(model, 1, rng, tmp_path).input_shape == (None, 32, 32, 1)


def test_models(rng, tmp_path):
    mobilenet = keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=5)
    resnet = applications.create_model("resnet_test")
    for old in (mobilenet, resnet):
        check_grey(old, 1, rng, tmp_path)
    grey = applications.LeNet5()
    check_grey(grey, 3, rng, tmp_path)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (L.DepthwiseConv2D(3, name="it"), "'it'.*'kernel'.*depend on the channels"),
        (L.BatchNormalization(name="it"), "'it'.*'gamma'.*depend on the channels"),
        (L.Dense(4, name="it"), "'it' of class Dense cannot be adapted"),
        (layers.WeightNormalization(L.DepthwiseConv2D(3), name="it"), "cannot be adapted"),
        (L.SeparableConv2D(4, 3, name="it"), "'it'.*'depthwise_kernel'.*depend on the channels"),
        (L.Conv2D(6, 3, groups=3, name="it"), "`channels` must be a number .*Received: channels=4"),
        (L.Rescaling([1.0, 2.0, 3.0], name="it"), "'it' .*its constant `scale` depends"),
        (
            L.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 1.0, 1.0], name="it"),
            "'it' .*its constant `input_mean` depends",
        ),
    ],
)
def test_what_cannot_be_adapted(layer, message):
    layer = type(layer).from_config(layer.get_config())
    model = keras.Sequential([keras.Input((6, 7, 3)), layer, L.Conv2D(3, 1)])
    with pytest.raises(ValueError, match=f"(?s){message}"):
        change_input_channels(model, 4)


def test_groups_that_divide():
    model = keras.Sequential([keras.Input((6, 7, 4)), layers.Conv2D(4, 1, groups=2, name="it")])
    with pytest.raises(ValueError, match="'it' of class Conv2D cannot be adapted"):
        change_input_channels(model, 2)


def test_the_image_beside_what_was_made_of_it():
    image = keras.Input((6, 7, 3))
    x = L.Concatenate()([image, L.Conv2D(2, 1)(image)])
    model = keras.Model(image, L.Conv2D(3, 1, name="it")(x))
    with pytest.raises(ValueError, match=r"'it'.*\(1, 1, 5, 3\) depend on the channels"):
        change_input_channels(model, 1)


@pytest.mark.parametrize("value", [0, -1, 1.0, "3", None, True])
def test_wrong_channels(value):
    with pytest.raises(ValueError, match="`channels` must be a positive integer"):
        change_input_channels(applications.LeNet5(), value)


def test_wrong_models():
    with pytest.raises(ValueError, match="`model` must be a built functional or `Sequential`"):
        change_input_channels(L.Dense(3), 1)
    for shapes in ([(4,)], [(4, 5, 3), (4, 5, 3)]):
        inputs = [keras.Input(shape) for shape in shapes]
        model = keras.Model(inputs, [L.Dense(2)(x) for x in inputs])
        with pytest.raises(ValueError, match="`model` must have one input, of images"):
            change_input_channels(model, 1)
