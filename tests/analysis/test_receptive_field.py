"""Receptive fields against the gradient's own support, and the numbers of the books."""

import keras
import numpy as np
import pytest

import kerasbook
from kerasbook import applications, layers
from kerasbook.analysis import receptive_field, receptive_field_table


def sizes(rows):
    return {row.layer: row.size for row in rows}


def sequential(shape, *parts):
    return keras.Sequential([keras.Input(shape), *parts])


def make_positive(model, rng):
    """Positive weights, so that no two paths cancel; of size 1 / fan-in, so that nothing grows."""
    for weight in model.trainable_weights:
        if len(weight.shape) > 1:
            fan_in = np.prod(weight.shape[:-1])
            weight.assign(rng.uniform(0.5, 1.5, weight.shape) / fan_in)
        elif weight.name.startswith("scale"):
            weight.assign(1)


def support(model, position, images):
    """First and last pixel, along each axis, of the gradient of one position's outputs."""
    import tensorflow as tf

    x = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(model(x)[(slice(None), *position)])
    gradient = np.abs(tape.gradient(total, x).numpy()).sum((0, -1))
    places = np.nonzero(gradient)
    return [(int(axis.min()), int(axis.max())) for axis in places]


def check_all_layers(model, rng, names=None, batch=8):
    """Compares each row with the gradient at a middle position, away from the borders."""
    make_positive(model, rng)
    image = model.inputs[0]
    images = rng.uniform(0.5, 1.5, (batch, *image.shape[1:])).astype("float32")
    rows = receptive_field(model)
    for row in rows:
        if "/" in row.layer or (names and row.layer not in names):
            continue
        output = model.get_layer(row.layer).output
        middle = tuple(n // 2 for n in output.shape[1:-1])
        found = support(keras.Model(image, output), middle, images)
        for axis, (first, last) in enumerate(found):
            center = row.center[axis] + middle[axis] * row.stride[axis]
            half = (row.size[axis] - 1) / 2
            assert (first, last) == (center - half, center + half), (row, axis, middle)
            assert 0 < first <= last < image.shape[1 + axis] - 1  # no border hides anything
    return rows


def test_three_convolutions_of_3_see_7():
    convs = [keras.layers.Conv2D(4, 3, padding="same", name=f"conv{i}") for i in range(3)]
    rows = receptive_field(sequential((32, 32, 3), *convs))
    assert sizes(rows) == {"conv0": (3, 3), "conv1": (5, 5), "conv2": (7, 7)}
    assert all(row.stride == (1, 1) and row.center == (0, 0) and row.aligned for row in rows)


def test_a_dilated_kernel_sees_what_lies_between_its_taps():
    for rate in (1, 2, 5):
        conv = layers.Conv2D(2, 3, dilation_rate=rate)
        assert receptive_field(sequential((32, 32, 1), conv))[0].size == (2 * rate + 1,) * 2


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "parts",
    [
        [layers.Conv2D(2, 3), layers.Conv2D(2, (5, 1)), layers.Conv2D(2, (1, 4), padding="same")],
        [layers.Conv2D(2, 3, dilation_rate=r, padding="same") for r in (1, 2, 4, (8, 3))],
        [
            layers.Conv2D(2, 3, strides=2, padding="same"),
            layers.Conv2D(2, (4, 5), strides=(1, 3), padding="full"),
            layers.Conv2D(2, 2, strides=2, padding="same"),
        ],
        [
            keras.layers.ZeroPadding2D(((0, 3), (2, 1))),
            keras.layers.Conv2D(3, 5, strides=2),
            keras.layers.Cropping2D(((1, 0), (0, 2))),
            keras.layers.MaxPooling2D(3, 2, padding="same"),
            keras.layers.SeparableConv2D(3, 3, padding="same"),
            keras.layers.AveragePooling2D((2, 1)),
            keras.layers.DepthwiseConv2D(3, depth_multiplier=2),
        ],
        [
            layers.Conv2D(4, 3, strides=2, dilation_rate=2, groups=2, padding="same"),
            layers.BatchNormalization(),
            keras.layers.ReLU(),
            layers.ChannelShuffle(2),
            keras.layers.Dense(3, activation="relu"),
            keras.layers.Dropout(0.5),
            layers.FixupResidualBlock(2, num_blocks=2, strides=(2, 1)),
            layers.FixupResidualBlock(2, num_blocks=2, kernel_size=(3, 5)),
        ],
    ],
    ids=["asymmetric", "dilated", "strides", "paddings", "blocks"],
)
def test_stacks_against_the_gradient(parts, rng):
    check_all_layers(sequential((61, 72, 2), *parts), rng)


@pytest.mark.tensorflow
def test_one_and_three_axes_against_the_gradient(rng):
    check_all_layers(
        sequential(
            (60, 2),
            keras.layers.Conv1D(2, 3, dilation_rate=4, padding="causal"),
            keras.layers.MaxPooling1D(2),
            keras.layers.DepthwiseConv1D(5, strides=2, padding="same"),
        ),
        rng,
    )
    check_all_layers(
        sequential(
            (17, 18, 19, 1),
            keras.layers.Conv3D(2, (3, 1, 2), strides=(1, 2, 2), padding="same"),
            keras.layers.AveragePooling3D((1, 2, 1)),
        ),
        rng,
    )


@pytest.mark.tensorflow
def test_branches_against_the_gradient(rng):
    image = keras.Input((40, 45, 2))
    narrow = layers.Conv2D(3, 3, strides=2, padding="same", name="narrow")(image)
    wide = layers.Conv2D(3, (7, 9), strides=2, padding="same", name="wide")(image)
    x = keras.layers.Concatenate(name="join")([narrow, wide])
    y = keras.layers.Conv2D(6, (1, 5), padding="same", name="row")(x)
    x = keras.ops.relu(x + 0.5 * y)
    x = keras.layers.Conv2D(2, 2, name="last")(x)
    model = keras.Model(image, x)
    assert {type(part).__name__ for part in model.operations} >= {"Add", "Multiply", "Relu"}
    names = {"narrow", "wide", "join", "row", "last"}
    rows = {row.layer: row for row in check_all_layers(model, rng, names)}
    assert rows["join"].size == (7, 9)
    assert rows["last"].size == (9, 19)


@pytest.mark.tensorflow
def test_lenet5_against_the_gradient(rng):
    names = ["stem_conv", "stem_pool", "stage1_conv", "stage1_pool"]
    rows = check_all_layers(applications.LeNet5(), rng, names)
    fields = sizes(rows)
    assert fields["stage1_pool"] == (16, 16)
    assert fields["flatten"] == fields["predictions"] == (28, 28)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ({"input_shape": (147, 160, 1), "low_resolution": True}, 109),
        ({"input_shape": (512, 480, 1)}, 435),
    ],
)
def test_resnet18_against_the_gradient(arguments, size, rng):
    model = applications.ResNet18(include_top=False, **arguments)
    names = ["stage1_block2_act", "stage3_block1_add", "stage4_block2_act"]
    rows = check_all_layers(model, rng, names, batch=1)
    assert sizes(rows)["stage4_block2_act"] == (size, size)
    assert all(row.aligned for row in rows)


@pytest.mark.tensorflow  # nothing of it depends on the backend, and it takes minutes elsewhere
@pytest.mark.parametrize(
    ("name", "size"), [("VGG16", 212), ("MobileNet", 315), ("InceptionV3", 1311)]
)
def test_published_sizes(name, size):
    """Those of Araujo et al., for networks of Keras."""
    model = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(224, 224, 3)
    )
    assert receptive_field(model)[-1].size == (size, size)


def test_same_padding_shifts_with_the_input_size():
    for size, center in ((32, 1), (33, 0)):
        conv = keras.layers.Conv2D(2, 3, strides=2, padding="same")
        assert receptive_field(sequential((size, 33, 1), conv))[0].center == (center, 0)


def test_misaligned_paths_are_told():
    image = keras.Input((32, 32, 1))
    main = keras.layers.Conv2D(1, 3, strides=2, padding="same")(image)
    short = keras.layers.Conv2D(1, 1, strides=2)(image)
    x = keras.layers.Add(name="add")([main, short])
    row = receptive_field(keras.Model(image, x))[-1]
    assert (row.size, row.aligned) == ((3, 3), False)
    bad = keras.layers.Conv2D(1, 2, padding="same")(short)
    bad = keras.layers.Add(name="bad")([bad, keras.layers.Cropping2D(8)(image)])
    with pytest.raises(ValueError, match=r"layer 'bad': the strides of the paths.*\[1, 2\]"):
        receptive_field(keras.Model(image, bad))


def test_what_sees_all():
    image = keras.Input((20, 26, 4))
    x = layers.Conv2D(4, 3, name="conv")(image)
    gate = keras.layers.GlobalAveragePooling2D(keepdims=True, name="mean")(x)
    gate = keras.layers.Conv2D(4, 1, activation="sigmoid", name="gate")(gate)
    x = keras.layers.Multiply(name="gated")([x, gate])
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Reshape((9, 12, 16), name="reshape")(x)
    x = keras.layers.Conv2D(4, 3, name="late")(x)
    rows = receptive_field(keras.Model(image, x))
    assert sizes(rows)["conv"] == (3, 3)
    for row in rows[1:]:
        assert (row.size, row.stride, row.center) == ((20, 26), (0, 0), (9.5, 12.5))
    for layer in (layers.SqueezeExcite(2), layers.GroupNormalization(2)):
        assert receptive_field(sequential((20, 26, 4), layer))[0].size == (20, 26)


def test_unknown_sizes():
    conv = [layers.Conv2D(4, 3, padding="same"), keras.layers.MaxPooling2D(2)]
    rows = receptive_field(
        sequential((None, 30, 1), *conv, keras.layers.GlobalMaxPooling2D(name="top"))
    )
    assert rows[1].size == (4, 4)
    assert (rows[2].size, rows[2].center) == ((None, 30), (None, 14.5))
    assert "? x 30" in receptive_field_table(rows)
    strided = layers.Conv2D(4, 3, strides=2, padding="same", name="strided")
    with pytest.raises(ValueError, match="layer 'strided': under \"same\" padding.*static size"):
        receptive_field(sequential((None, None, 1), strided))


def test_models_within_models(rng):
    parts = [
        keras.Input((None, None, 2)),
        keras.layers.Conv2D(2, 3, strides=2, padding="same", name="conv"),
        keras.layers.Conv2D(2, 3, name="conv_2"),
    ]
    inner = keras.Sequential(parts, name="inner")
    image = keras.Input((41, 32, 1))
    x = layers.Conv2D(2, 3, name="first")(image)
    x = inner(x)
    x = keras.layers.Conv2D(2, 3, name="last")(x)
    rows = receptive_field(keras.Model(image, x))
    assert [row.layer for row in rows] == ["first", "inner/conv", "inner/conv_2", "last"]
    flat = sequential(
        (41, 32, 1),
        layers.Conv2D(2, 3),
        keras.layers.Conv2D(2, 3, strides=2, padding="same"),
        keras.layers.Conv2D(2, 3),
        keras.layers.Conv2D(2, 3),
    )
    for row, other in zip(rows, receptive_field(flat), strict=True):
        assert (row.size, row.stride, row.center) == (other.size, other.stride, other.center)


def test_the_output_of_a_layer():
    model = applications.ResNet18(input_shape=(64, 64, 3), low_resolution=True)
    rows = receptive_field(model.get_layer("stage1_block1_act").output)
    assert rows[-1].layer == "stage1_block1_act"
    assert rows == receptive_field(model)[: len(rows)]


def test_channels_first():
    conv = layers.Conv2D(2, (3, 5), data_format="channels_first", name="conv")
    model = sequential((1, 20, 30), conv)
    assert receptive_field(model, data_format="channels_first")[0].size == (3, 5)
    with pytest.raises(ValueError, match="'conv': its data format is 'channels_first', not"):
        receptive_field(model)


def test_a_layer_tells_its_steps():
    class Pyramid(keras.layers.Layer):
        def call(self, inputs):
            return inputs

        def receptive_field_steps(self):
            return [[], [(3, 2, "same"), ((2, None), 1, 0), (1, 1, ((0, 0), (1, 1)))], [(1, 2, 0)]]

    layer = Pyramid(name="pyramid")
    with pytest.raises(ValueError, match="'pyramid': the strides of the paths"):
        receptive_field(sequential((20, 20, 1), layer))
    Pyramid.receptive_field_steps = lambda self: [[], [(3, 1, 1), ((2, None), 1, ((1, 0), (0, 0)))]]
    assert receptive_field(sequential((20, 24, 1), layer))[0].size == (4, 24)


def test_a_layer_made_of_layers_tells_them():
    class Wired(keras.layers.Layer):
        def __init__(self, other):
            super().__init__(name="wired")
            self.conv = layers.Conv2D(2, 3, strides=2, padding="same")
            parts = [keras.Input((10, 12, 2)), layers.Conv2D(2, (1, 5), padding="same")]
            self.body = keras.Sequential(parts)
            self.other = other

        def call(self, inputs):
            x = self.conv(inputs)
            return self.body(x) + keras.ops.relu(self.other(x))

        def receptive_field_steps(self):
            return [[self.conv, self.body], [self.conv, self.other]]

    wide = keras.layers.SpectralNormalization(layers.Conv2D(2, 7, padding="same"))
    row = receptive_field(sequential((20, 24, 1), Wired(wide)))[0]
    assert (row.size, row.stride, row.center) == ((15, 15), (2, 2), (1, 1))
    unknown = keras.layers.Lambda(lambda x: x)
    with pytest.raises(ValueError, match="'wired': its .* of the class Lambda can tell"):
        receptive_field(sequential((20, 24, 1), Wired(unknown)))


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "layer",
    [
        layers.AsymmetricConv2D(2, 5, strides=(1, 2)),
        layers.DenseBlock(2, 3),
        layers.ExpandedInceptionBlock(2, (2, 2), filters_double=(2, 2), pool_filters=2),
        layers.InvertedResidualBlock(3, strides=2),
        layers.NiNBlock(2, (3, 5)),
        layers.ResidualBlock(3),
        layers.ResidualBlock(2, variant="bottleneck", strides=2, preactivation=True),
        layers.ShuffleUnit(6, version=1, strides=2),
        layers.ShuffleUnit(4),
        layers.TransitionBlock(),
        layers.VGGBlock(2, 2),
        layers.BottleneckConv2D(4, (3, 2), padding="valid", normalization="batch"),
        layers.Conv2D(2, 3, padding="full", dilation_rate=2),
        layers.DepthwiseConv2D(3, strides=2),
        layers.DepthwiseSeparableConv2D(3, 3, strides=2),
        layers.HybridDilatedConv2D(2, 3, dilation_rates=[1, 2]),
        layers.LocallyConnected2D(2, (2, 3), dilation_rate=2),
        layers.MultiScaleConv2D(4, [1, (3, 5)]),
        layers.StackedConv2D(2, 7),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_composite_layers_against_the_gradient(layer, rng):
    check_all_layers(sequential((21, 25, 3), layer), rng)


def test_causal_padding_and_the_mean_of_an_image():
    causal = receptive_field(sequential((20, 2), layers.Conv1D(2, 3, padding="causal")))
    assert (causal[-1].size, causal[-1].center) == ((3,), (-1,))
    pyramid = receptive_field(sequential((12, 14, 2), layers.AtrousSpatialPyramid(2, (2,))))
    assert pyramid[-1].size == (12, 14)
    without = layers.AtrousSpatialPyramid(2, (2, 3), image_pooling=False)
    assert receptive_field(sequential((12, 14, 2), without))[-1].size == (7, 7)


def test_bad_models_are_named():
    class Subclassed(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(ValueError, match="`model` must be a functional or sequential.*Subclassed"):
        receptive_field(Subclassed())
    with pytest.raises(ValueError, match="`model` must be a functional or sequential"):
        receptive_field(keras.layers.Dense(2))
    with pytest.raises(ValueError, match=r"one input, of rank 3, 4 or 5.*\(None, 7\)"):
        receptive_field(sequential((7,), keras.layers.Dense(2)))
    a, b = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    with pytest.raises(ValueError, match="`model` must have one input"):
        receptive_field(keras.Model([a, b], a + b))
    model = sequential((8, 8, 1), keras.layers.UpSampling2D(name="up"))
    with pytest.raises(ValueError, match="layer 'up': its receptive field is not known"):
        receptive_field(model)


def test_is_an_attribute_of_the_library():
    assert kerasbook.receptive_field is receptive_field
