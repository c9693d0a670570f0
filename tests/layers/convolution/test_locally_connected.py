"""Locally connected layers of each rank: the definition, Conv where weights agree, the start."""

import keras
import numpy as np
import pytest
from helpers.definitions import windows

from kerasbook import layers
from kerasbook.layers.convolution.locally_connected import of_each

RANKS = {1: layers.LocallyConnected1D, 2: layers.LocallyConnected2D, 3: layers.LocallyConnected3D}
SHAPES = {1: (2, 8, 3), 2: (2, 6, 7, 3), 3: (2, 4, 5, 6, 2)}


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("options", [{}, {"padding": "same", "strides": 2}, {"dilation_rate": 2}])
def test_equals_a_convolution_where_all_places_agree(rank, options, rng):
    x = rng.normal(size=SHAPES[rank]).astype("float32")
    shared = getattr(layers, f"Conv{rank}D")(4, 2, activation="tanh", **options)
    local = RANKS[rank](4, 2, activation="tanh", **options)
    shared.build(x.shape)
    local.build(x.shape)
    shared.bias.assign(rng.normal(size=4))
    kernel, bias = shared.get_weights()
    places = local.compute_output_shape(x.shape)[1:-1]
    kernel = kernel.reshape(*kernel.shape[:rank], *(1,) * rank, *kernel.shape[rank:])
    local.kernel.assign(np.broadcast_to(kernel, local.kernel.shape))
    local.bias.assign(np.broadcast_to(bias, local.bias.shape))
    np.testing.assert_allclose(numpy(local(x)), numpy(shared(x)), atol=1e-5)
    assert local.count_params() == np.prod(places) * shared.count_params()


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_every_place_has_its_own_kernel_and_bias(data_format, rng):
    x = rng.normal(size=(2, 5, 7, 3)).astype("float32")
    layer = layers.LocallyConnected2D(4, (3, 2), strides=(1, 2), data_format=data_format)
    moved = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    layer.build(moved.shape)
    layer.bias.assign(rng.normal(size=layer.bias.shape))
    kernel, bias = layer.get_weights()
    seen = windows(x, (3, 2), (1, 2))
    expected = np.einsum("bijuvc,uvijcd->bijd", seen, kernel) + bias
    y = numpy(layer(moved))
    y = y if data_format == "channels_last" else y.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(y, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "variance"),
    # A place sees 3 * 3 * 8 = 72 numbers, and 3 * 3 * 16 = 144 see it.
    [("glorot_uniform", 2 / (72 + 144)), ("he_normal", 2 / 72), ("lecun_normal", 1 / 72)],
)
def test_the_variance_of_the_start_is_that_of_a_convolution(name, variance):
    layer = layers.LocallyConnected2D(16, 3, kernel_initializer=name)
    layer.build((None, 12, 12, 8))
    assert abs(numpy(layer.kernel).var() / variance - 1) < 0.02


def test_other_initializers_stay_as_they_are():
    initializer = keras.initializers.RandomNormal(stddev=0.1)
    assert of_each(initializer, 9) is initializer
    assert of_each(keras.initializers.HeNormal(seed=3), 9).seed == 3


def test_an_orthogonal_start_is_orthogonal_at_every_place_and_differs():
    layer = layers.LocallyConnected2D(4, (2, 3), kernel_initializer="orthogonal")
    layer.build((None, 4, 5, 2))
    kernels = numpy(layer.kernel).transpose(2, 3, 0, 1, 4, 5).reshape(9, 12, 4)
    for kernel in kernels:
        np.testing.assert_allclose(kernel.T @ kernel, np.eye(4), atol=1e-5)
    assert len(np.unique(kernels[:, 0, 0])) == 9


def test_one_seed_gives_one_start():
    initializer = keras.initializers.Orthogonal(seed=3)
    first, second = (of_each(initializer, 5)((3, 5, 2, 4)) for _ in range(2))
    np.testing.assert_array_equal(numpy(first), numpy(second))


def test_what_is_derived_from_an_elementwise_initializer_may_look_at_the_shape():
    class Ramp(keras.initializers.RandomNormal):
        def __call__(self, shape, dtype=None):
            return keras.ops.reshape(keras.ops.arange(np.prod(shape), dtype=dtype), shape)

    layer = layers.LocallyConnected1D(4, 3, kernel_initializer=Ramp())
    layer.build((None, 7, 2))
    expected = np.broadcast_to(np.arange(24.0).reshape(3, 1, 2, 4), (3, 5, 2, 4))
    np.testing.assert_array_equal(numpy(layer.kernel), expected)


def test_a_function_is_asked_for_the_kernel_of_every_place():
    shapes = []

    def start(shape, dtype=None):
        shapes.append(shape)
        return keras.ops.full(shape, len(shapes), dtype)

    layer = layers.LocallyConnected1D(4, 3, kernel_initializer=start)
    layer.build((None, 7, 2))
    assert shapes == [(3, 2, 4)] * 5
    np.testing.assert_array_equal(numpy(layer.kernel)[0, :, 0, 0], [1, 2, 3, 4, 5])


def test_open_sizes_are_named():
    with pytest.raises(ValueError, match=r"must be static.*\(None, 5\)"):
        layers.LocallyConnected2D(4, 3).build((None, None, 7, 3))
    with pytest.raises(ValueError, match="`padding` must be one of .*'full'"):
        layers.LocallyConnected2D(4, 3, padding="full")
    with pytest.raises(ValueError, match="must not be larger than the inputs"):
        layers.LocallyConnected1D(4, 9).build((None, 8, 3))
