"""FixupResidualBlock: the formula in NumPy, how it starts, fifty layers without normalization."""

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.layers import FixupResidualBlock


def build(layer, shape, rng):
    layer.build(shape)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


def relu(x):
    return np.maximum(x, 0)


def definition(layer, x):
    """The formula of the docstring, with relu."""
    b1, b2, b3, b4 = (float(bias) for bias in layer.biases)
    w1, w2 = np.asarray(layer.kernel1), np.asarray(layer.kernel2)
    branch = relu(convolve(x + b1, w1, layer.strides, "same") + b2) + b3
    branch = float(layer.scale) * convolve(branch, w2, (1, 1), "same") + b4
    shortcut = x
    if layer.projection is not None:
        shortcut = convolve(x + b1, np.asarray(layer.projection), layer.strides, "same")
    return relu(shortcut + branch)


@pytest.mark.parametrize(
    ("filters", "arguments"),
    [
        (3, {}),
        (4, {}),
        (3, {"strides": 2}),
        (2, {"strides": (2, 1), "kernel_size": (3, 5)}),
    ],
)
def test_definition(filters, arguments, rng):
    x = rng.normal(size=(2, 6, 7, 3)).astype("float32")
    layer = build(FixupResidualBlock(filters, num_blocks=4, **arguments), x.shape, rng)
    y = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, definition(layer, x), rtol=1e-4, atol=1e-3)
    assert (layer.projection is None) == (filters == 3 and not arguments)

    first = FixupResidualBlock(filters, num_blocks=4, data_format="channels_first", **arguments)
    first.build((2, 3, 6, 7))
    first.set_weights(layer.get_weights())
    z = keras.ops.convert_to_numpy(first(x.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(z, y.transpose(0, 3, 1, 2), rtol=1e-4, atol=1e-3)
    assert first.compute_output_shape((None, 3, 6, None)) == (None, filters, z.shape[2], None)


def test_another_activation(rng):
    x = rng.normal(size=(2, 6, 7, 3)).astype("float32")
    layer = build(FixupResidualBlock(3, num_blocks=4), x.shape, rng)
    linear = FixupResidualBlock(3, num_blocks=4, activation=None)
    linear.build(x.shape)
    linear.set_weights(layer.get_weights())
    y = keras.ops.convert_to_numpy(linear(x))
    assert y.min() < 0
    assert np.any(relu(y) != keras.ops.convert_to_numpy(layer(x)))


def test_starts_as_its_shortcut(rng):
    x = rng.normal(size=(2, 6, 7, 3)).astype("float32")
    layer = FixupResidualBlock(3, num_blocks=16)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(x)), relu(x))
    wide = FixupResidualBlock(128, num_blocks=16)
    wide.build((None, 6, 7, 128))
    np.testing.assert_allclose(np.std(wide.kernel1), np.sqrt(2 / (9 * 128)) / 4, rtol=0.02)
    assert len(wide.weights) == 2 + 4 + 1


def network(num_blocks, width=8):
    """A stem, `num_blocks` blocks of two layers, and a classifier, with no normalization."""
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(width, 3, padding="same", activation="relu", use_bias=False)(image)
    for _ in range(num_blocks):
        x = FixupResidualBlock(width, num_blocks=num_blocks)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(4, kernel_initializer="zeros")(x))


def losses(model, steps):
    """Trains on sixteen images whose brightest channel or none says the class."""
    generator = np.random.default_rng(0)
    labels = np.arange(16) % 4
    images = generator.normal(0, 0.5, (16, 8, 8, 3)).astype("float32")
    for image, label in zip(images, labels, strict=True):
        image[..., : label % 4] += 1
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.02), loss)
    return [float(model.train_on_batch(images, labels)) for _ in range(steps)]


@pytest.mark.slow(
    "trains fifty layers twice; the block and the scale of its start have their own tests"
)
def test_fifty_layers_learn_without_normalization_where_he_initialisation_diverges():
    keras.utils.set_random_seed(0)
    model = network(num_blocks=24)
    history = losses(model, 100)
    assert history[0] == pytest.approx(np.log(4), rel=1e-5)  # the classifier starts at zero
    assert np.all(np.diff(history) < 0)
    assert history[-1] < 0.92 * history[0]

    keras.utils.set_random_seed(0)
    usual = network(num_blocks=24)
    he = keras.initializers.HeNormal(seed=keras.random.SeedGenerator(0))
    for layer in usual.layers:
        if isinstance(layer, FixupResidualBlock):
            for kernel in (layer.kernel1, layer.kernel2):
                kernel.assign(he(kernel.shape))
    history = losses(usual, 10)
    assert not np.max(history) < 10 * history[0]  # a NaN is not smaller either
    assert not history[-1] < history[0]


def test_bad_arguments_are_named():
    for name in ("filters", "num_blocks", "kernel_size", "strides"):
        arguments = {"filters": 4, "num_blocks": 2, name: 0}
        with pytest.raises(ValueError, match=f"`{name}` must be a positive integer.*{name}=0"):
            FixupResidualBlock(**arguments)
    with pytest.raises(ValueError, match="static size"):
        FixupResidualBlock(2, num_blocks=2).build((None, 3, 3, None))
