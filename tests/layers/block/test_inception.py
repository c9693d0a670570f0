"""The base of Inception blocks, and the blocks of Keras' InceptionV3 beside ours."""

import keras
import numpy as np
import pytest
from helpers.definitions import windows
from helpers.units import outputs

from kerasbook import layers
from kerasbook.layers.block.inception import FactorizedInception, Inception

FOUR = {"filters_double": (64, 96), "pool_filters": 32, "kernel_size": 5}
SEVEN = {"filters_double": (128, 192), "pool_filters": 192}
LAST = {"filters_double": (448, 384), "pool_filters": 192}
MIXED = {
    "mixed0": (layers.FactorizedInceptionBlock, (64, (48, 64)), FOUR),
    "mixed1": (layers.FactorizedInceptionBlock, (64, (48, 64)), FOUR | {"pool_filters": 64}),
    "mixed3": (layers.InceptionReductionBlock, (384, (64, 96)), {}),
    "mixed4": (layers.AsymmetricInceptionBlock, (192, (128, 192)), SEVEN),
    "mixed8": (layers.InceptionReductionBlock, ((192, 320), 192), {"row_size": 7}),
    "mixed9": (layers.ExpandedInceptionBlock, (320, (384, 384)), LAST),
}
BEFORE = {"mixed0": "max_pooling2d_1", "mixed9": "mixed8"}


@pytest.fixture(scope="module")
def inception_v3():
    keras.utils.clear_session()  # its layers are found by names with numbers in them
    return keras.applications.InceptionV3(False, None, input_shape=(None, None, 3))


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", MIXED)
def test_the_blocks_of_keras_applications(name, inception_v3, rng):
    previous = BEFORE.get(name, f"mixed{int(name[5:]) - 1}")
    start, end = (inception_v3.get_layer(n).output for n in (previous, name))
    peer = keras.Model(start, end)
    for weight in peer.weights:
        low, high = (-0.1, 0.1) if len(weight.shape) == 4 else (0.2, 1.0)
        weight.assign(rng.uniform(low, high, weight.shape))

    def number(layer):
        """How many of its kind were made before it."""
        return int("0" + "".join(c for c in layer.name[len("conv2d") :] if c.isdigit()))

    convolutions = [x for x in peer.layers if isinstance(x, keras.layers.Conv2D)]
    normalizations = [x for x in peer.layers if isinstance(x, keras.layers.BatchNormalization)]
    pairs = zip(sorted(convolutions, key=number), sorted(normalizations, key=number), strict=True)
    weights = [w for pair in pairs for layer in pair for w in layer.get_weights()]

    kind, arguments, options = MIXED[name]
    block = kind(*arguments, **options, normalization=layers.BatchNormalization(scale=False))
    shape = (2, 7, 8, start.shape[-1])
    block.build(shape)
    assert block.count_params() == peer.count_params()
    block.set_weights(weights)
    x = rng.normal(size=shape).astype("float32")
    y = keras.ops.convert_to_numpy(peer(x))
    np.testing.assert_allclose(outputs(block, x), y, rtol=1e-4, atol=1e-4)
    assert block.compute_output_shape(shape) == y.shape


@pytest.mark.parametrize("pooling", ["avg", "max"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_pooling_leaves_the_padding_out(pooling, data_format, rng):
    x = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    base = Inception(pooling=pooling, data_format=data_format)
    moved = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    y = keras.ops.convert_to_numpy(base.pool()(moved))
    y = y if data_format == "channels_last" else y.transpose(0, 2, 3, 1)
    seen = windows(x, (3, 3), padding="same")
    inside = windows(np.ones_like(x), (3, 3), padding="same")
    if pooling == "avg":
        expected = seen.sum((3, 4)) / inside.sum((3, 4))
    else:
        expected = np.where(inside > 0, seen, -np.inf).max((3, 4))
    np.testing.assert_allclose(y, expected, atol=1e-6)


def test_path_has_the_options_at_its_end():
    path = Inception().path((4, 5, 6), (1, (1, 3), 3), strides=2, padding="valid")
    path.build((None, 9, 9, 2))
    found = [(u.convolution.filters, u.convolution.kernel_size) for u in path.parts]
    assert found == [(4, (1, 1)), (5, (1, 3)), (6, (3, 3))]
    assert path.compute_output_shape((None, 9, 9, 2)) == (None, 4, 4, 6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "mean"}, "`pooling` must be one of .*'mean'"),
        ({"filters_1x1": 0}, "`filters_1x1` must be .*filters_1x1=0"),
        ({"filters_single": (1, 2, 3)}, "`filters_single` must be .*filters_single="),
        ({"filters_double": (1, 0)}, "`filters_double` must be .*filters_double="),
        ({"pool_filters": None}, "`pool_filters` must be .*pool_filters=None"),
    ],
)
def test_bad_arguments_are_named(options, message):
    good = {"filters_1x1": 2, "filters_single": 2, "filters_double": 2, "pool_filters": 2}
    with pytest.raises(ValueError, match=message):
        FactorizedInception(**{**good, **options})
