"""ResidualBlock: every variant in NumPy and beside Keras, its start, its random parts."""

import keras
import numpy as np
import pytest
from helpers.units import Units, built, outputs

from kerasbook import layers
from kerasbook.layers import ResidualBlock

FORMATS = pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
MODES = pytest.mark.parametrize("training", [False, True])


def close(actual, desired):
    np.testing.assert_allclose(actual, desired, rtol=1e-4, atol=1e-4)


@FORMATS
@MODES
def test_basic_with_identity(data_format, training, rng):
    x = rng.normal(size=(3, 5, 7, 4))
    block = built(ResidualBlock, 4, shape=x.shape, data_format=data_format)
    units = Units(block, rng, training)
    y = units.unit(units.unit(x), relu=False)
    close(outputs(block, x, training), np.maximum(x + y, 0))
    assert not units.left


@FORMATS
def test_basic_with_projection(data_format, rng):
    x = rng.normal(size=(3, 5, 7, 4))
    options = {"kernel_size": (3, 1), "strides": (2, 1), "inner_filters": 3, "expansion": 2}
    block = built(ResidualBlock, 3, shape=x.shape, data_format=data_format, **options)
    units = Units(block, rng)
    shortcut = units.unit(x, (2, 1), relu=False)
    y = units.unit(units.unit(x, (2, 1)), relu=False)
    close(outputs(block, x), np.maximum(shortcut + y, 0))
    assert y.shape[1:] == (3, 7, 6)


@pytest.mark.parametrize("strides_first", [False, True])
def test_bottleneck(strides_first, rng):
    x = rng.normal(size=(2, 5, 6, 4))
    options = {"variant": "bottleneck", "strides": 2, "strides_first": strides_first}
    block = built(ResidualBlock, 2, shape=x.shape, **options)
    units = Units(block, rng)
    first, second = ((2, 2), (1, 1)) if strides_first else ((1, 1), (2, 2))
    shortcut = units.unit(x, (2, 2), relu=False)
    y = units.unit(units.unit(units.unit(x, first), second), relu=False)
    close(outputs(block, x), np.maximum(shortcut + y, 0))
    assert y.shape[-1] == 4 * 2


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groups_are_those_of_the_kernel_in_the_middle(groups, rng):
    x = rng.normal(size=(2, 5, 6, 8))
    options = {"variant": "bottleneck", "inner_filters": 4, "groups": groups}
    block = built(ResidualBlock, 2, shape=x.shape, **options)
    kernels = [tuple(w.shape) for w in block.weights if len(w.shape) == 4]
    assert kernels == [(1, 1, 8, 4), (3, 3, 4 // groups, 4), (1, 1, 4, 8)]
    units = Units(block, rng)
    y = units.unit(units.unit(units.unit(x)), relu=False)
    close(outputs(block, x), np.maximum(x + y, 0))


@FORMATS
@MODES
def test_preactivation_adds_to_the_raw_inputs(data_format, training, rng):
    x = rng.normal(size=(3, 5, 7, 4))
    options = {"preactivation": True, "use_bias": False, "data_format": data_format}
    block = built(ResidualBlock, 4, shape=x.shape, **options)
    units = Units(block, rng, training)
    y = units.conv(units.first(units.conv(units.first(x))))
    close(outputs(block, x, training), x + y)
    assert not units.left


def test_preactivation_projects_the_activated_inputs(rng):
    x = rng.normal(size=(2, 5, 7, 3))
    options = {"variant": "bottleneck", "preactivation": True, "strides": 2, "use_bias": False}
    block = built(ResidualBlock, 2, shape=x.shape, **options)
    units = Units(block, rng)
    first = units.first(x)
    shortcut = units.conv(first, (2, 2))
    y = units.conv(units.unit(units.unit(first), (2, 2)))
    close(outputs(block, x), shortcut + y)


def test_gate_stands_before_the_addition(rng):
    x = rng.normal(size=(2, 5, 7, 6))
    block = built(ResidualBlock, 6, shape=x.shape, squeeze_excite=3)
    units = Units(block, rng)
    y = units.unit(units.unit(x), relu=False)
    w1, b1, w2, b2 = (units.weight() for _ in range(4))
    gate = 1 / (1 + np.exp(-(np.maximum(y.mean((1, 2)) @ w1 + b1, 0) @ w2 + b2)))
    close(outputs(block, x), np.maximum(x + y * gate[:, None, None], 0))


@pytest.mark.parametrize(
    "gate",
    [layers.EfficientChannelAttention(3), layers.ConvolutionalBlockAttention(2)],
    ids=lambda gate: type(gate).__name__,
)
def test_a_layer_as_gate_is_copied_and_survives_the_config(gate):
    options = {"squeeze_excite": gate, "data_format": "channels_first"}
    blocks = [ResidualBlock(4, **options) for _ in range(2)]
    again = ResidualBlock.from_config(blocks[0].get_config())
    for block in (*blocks, again):
        block.build((None, 4, 5, 6))
        [copy] = block.body.parts[0].parts[1].parts[2:]
        assert type(copy) is type(gate)
        assert copy is not gate
        assert copy.data_format == "channels_first"
    assert not gate.built


@pytest.mark.parametrize("variant", ["basic", "bottleneck"])
@pytest.mark.parametrize("preactivation", [False, True])
@pytest.mark.parametrize("normalization", ["batch", None])
def test_zero_init_last_begins_as_the_shortcut(variant, preactivation, normalization, rng):
    x = rng.normal(size=(2, 5, 6, 8)).astype("float32")
    block = ResidualBlock(
        8 if variant == "basic" else 2,
        variant=variant,
        preactivation=preactivation,
        normalization=normalization,
        zero_init_last=True,
    )
    for training in (False, True):
        y = outputs(block, x, training)
        np.testing.assert_array_equal(y, x if preactivation else np.maximum(x, 0))


def test_projection_can_be_asked_for_and_forbidden(rng):
    shape = (2, 5, 6, 4)
    asked = built(ResidualBlock, 4, shape=shape, projection=True)
    assert tuple(asked.weights[0].shape) == (1, 1, 4, 4)
    built(ResidualBlock, 4, shape=shape, projection=False)
    for options in ({"strides": 2}, {"expansion": 2}):
        with pytest.raises(ValueError, match="`projection` must not be False .*channels=4"):
            built(ResidualBlock, 4, shape=shape, projection=False, **options)


def test_drop_path_drops_whole_branches(rng):
    x = np.repeat(rng.normal(size=(1, 4, 5, 3)), 64, 0)
    preactivated = {"preactivation": True, "normalization": None, "use_bias": False}
    block = built(ResidualBlock, 3, shape=x.shape, drop_path_rate=0.5, seed=3, **preactivated)
    kept, dropped = outputs(block, x), outputs(block, x, training=True)
    branch = dropped - x
    survives = np.abs(branch).max((1, 2, 3)) > 1e-6
    assert 10 < survives.sum() < 54
    close(branch[survives], 2 * (kept - x)[survives])


def test_dropout_stands_between_the_first_convolutions(rng):
    x = np.repeat(rng.normal(size=(1, 6, 7, 3)), 2, 0)
    options = {"kernel_size": 1, "activation": None, "normalization": None, "use_bias": False}
    options |= {"preactivation": True, "dropout_rate": 0.25, "seed": 3}
    blocks = [built(ResidualBlock, 3, shape=x.shape, **options) for _ in range(2)]
    first = rng.normal(size=(1, 1, 3, 3))
    for block in blocks:
        kernels = [w for w in block.trainable_weights if len(w.shape) == 4]
        kernels[0].assign(first)
        kernels[1].assign(np.ones((1, 1, 3, 3)))
    inner = x @ first[0, 0]
    close(outputs(blocks[0], x), x + inner.sum(-1, keepdims=True))
    y = outputs(blocks[0], x, training=True)
    # Sums of what is left of three values: the same in every channel.
    branch = (y - x)[..., :1]
    close(y - x, np.repeat(branch, 3, -1))
    terms = inner[..., None, :] * np.array(list(np.ndindex(2, 2, 2))) / 0.75
    assert np.abs(terms.sum(-1) - branch).min(-1).max() < 1e-4
    assert np.abs(y[0] - y[1]).max() > 1e-3
    np.testing.assert_array_equal(outputs(blocks[1], x, training=True), y)


@pytest.mark.tensorflow
@pytest.mark.parametrize("classes", ["ResNet50", "ResNet50V2"])
def test_the_blocks_of_keras_applications(classes, rng):
    """Block 1 of stage 2 and, with an identity, block 2: the weights copied over by name."""
    model = getattr(keras.applications, classes)(False, None, input_shape=(32, 32, 3))
    second = classes == "ResNet50V2"
    blocks = [f"conv2_block{i}" for i in (1, 2)]
    previous = model.get_layer("pool1_pool").output
    for number, name in enumerate(blocks):
        after = model.get_layer(f"{name}_out").output
        peer = keras.Model(previous, after)
        previous = after
        order = ["0", "1", "2", "3"] if number == 0 else ["1", "2", "3"]
        names = [f"{name}_{k}_{kind}" for k in order for kind in ("conv", "bn")]
        if second:
            names.insert(0, f"{name}_preact_bn")
        own = [n for n in names if n in {layer.name for layer in peer.layers}]
        for layer in own:
            for weight in peer.get_layer(layer).weights:
                weight.assign(rng.uniform(0.2, 1.0, weight.shape) - 0.5 * (len(weight.shape) == 4))
        block = ResidualBlock(
            64,
            variant="bottleneck",
            preactivation=second,
            use_bias=None if second else True,
            normalization=layers.BatchNormalization(epsilon=1.001e-5),
        )
        block.build(peer.input_shape)
        assert block.count_params() == peer.count_params()
        block.set_weights([w for n in own for w in peer.get_layer(n).get_weights()])
        x = rng.normal(size=(2, *peer.input_shape[1:])).astype("float32")
        y = keras.ops.convert_to_numpy(peer(x))
        scale = np.abs(y).max()
        np.testing.assert_allclose(outputs(block, x) / scale, y / scale, atol=1e-5)


def test_known_numbers_of_parameters():
    def count(channels, **options):
        block = ResidualBlock(64, variant="bottleneck", **options)
        block.build((None, 8, 8, channels))
        return sum(int(np.prod(w.shape)) for w in block.trainable_weights)

    assert count(256) == 256 * 64 + 9 * 64 * 64 + 64 * 256 + 2 * (64 + 64 + 256) == 70_400
    # ResNeXt-50 (32 x 4d), section 3.2: about 70 thousand, as many as without groups.
    grouped = count(256, inner_filters=128, groups=32)
    assert grouped - 2 * (128 + 128 + 256) == 256 * 128 + 9 * 4 * 128 + 128 * 256 == 70_144


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": 0}, "`filters` must be .*filters=0"),
        ({"variant": "wide"}, "`variant` must be one of .*'wide'"),
        ({"kernel_size": 0}, "`kernel_size` must be "),
        ({"strides": -1}, "`strides` must be "),
        ({"expansion": 0}, "`expansion` must be .*expansion=0"),
        ({"inner_filters": 0}, "`inner_filters` must be .*=0"),
        ({"groups": 0}, "`groups` must be .*groups=0"),
        ({"groups": 2}, "for the variant 'bottleneck'.*groups=2"),
        ({"strides_first": True}, "for the variant 'bottleneck'.*strides_first=True"),
        ({"variant": "bottleneck", "groups": 3}, "`groups` must divide .*groups=3, channels=4"),
        ({"projection": "conv"}, "`projection` must be True, False or None.*'conv'"),
        ({"dropout_rate": 1}, "`dropout_rate` must be in .0, 1.*=1"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        ResidualBlock(**{"filters": 4, **options})
