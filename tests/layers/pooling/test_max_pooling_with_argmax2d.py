"""MaxPoolingWithArgmax2D: values and places in NumPy, ties, and the kernel of TensorFlow."""

import keras
import numpy as np
import pytest
from helpers.definitions import pooling_windows

from kerasbook.layers import MaxPoolingWithArgmax2D

GEOMETRIES = [
    ((2, 2), (2, 2), "valid"),
    ((3, 3), (2, 2), "valid"),
    ((2, 3), (3, 1), "valid"),
    ((3, 2), (2, 3), "same"),
    ((2, 2), (2, 2), "same"),
    ((1, 2), (3, 4), "same"),
]


def definition(x, geometry):
    height, width = x.shape[1:3]
    places = np.arange(height * width).reshape(1, height, width, 1)
    places = pooling_windows(places, *geometry, fill=-1)
    taken = pooling_windows(x, *geometry, fill=-np.inf)
    first = taken.argmax(-1)[..., None]
    values = np.take_along_axis(taken, first, -1)
    return values[..., 0], np.take_along_axis(np.broadcast_to(places, taken.shape), first, -1)[
        ..., 0
    ]


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_definition(rng, geometry, data_format):
    x = rng.integers(-3, 3, (2, 7, 9, 3)).astype("float32")  # with many ties
    pool_size, strides, padding = geometry
    layer = MaxPoolingWithArgmax2D(
        pool_size, strides=strides, padding=padding, data_format=data_format
    )
    if data_format == "channels_first":
        results = [
            keras.ops.convert_to_numpy(t).transpose(0, 2, 3, 1)
            for t in layer(x.transpose(0, 3, 1, 2))
        ]
    else:
        results = [keras.ops.convert_to_numpy(t) for t in layer(x)]
    assert results[1].dtype == "int32"
    for result, expected in zip(results, definition(x, geometry), strict=True):
        np.testing.assert_array_equal(result, expected)


def test_places_lie_in_the_image_even_if_nothing_is_greater_than_the_padding():
    x = np.full((1, 3, 3, 1), -np.inf, "float32")
    _, indices = MaxPoolingWithArgmax2D(2, strides=1, padding="same")(x)
    indices = keras.ops.convert_to_numpy(indices)
    assert indices.min() >= 0
    assert indices.max() < 9


@pytest.mark.tensorflow
@pytest.mark.parametrize("geometry", GEOMETRIES[:4])
def test_kernel_of_tensorflow_finds_the_same(rng, geometry):
    import tensorflow as tf

    x = rng.normal(size=(2, 8, 9, 3)).astype("float32")
    pool_size, strides, padding = geometry
    values, indices = MaxPoolingWithArgmax2D(pool_size, strides=strides, padding=padding)(x)
    theirs = tf.nn.max_pool_with_argmax(x, pool_size, strides, padding.upper())
    np.testing.assert_array_equal(values, theirs[0])
    np.testing.assert_array_equal(indices * 3 + np.arange(3), theirs[1])


@pytest.mark.tensorflow
def test_gradient_goes_to_the_first_of_equals():
    import tensorflow as tf

    x = tf.constant([[[[1.0], [7.0]], [[7.0], [7.0]]]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        values, indices = MaxPoolingWithArgmax2D(2)(x)
    assert indices.numpy().item() == 1
    np.testing.assert_array_equal(tape.gradient(values, x).numpy().ravel(), [0, 1, 0, 0])


def test_symbolic_indices_are_integers():
    values, indices = MaxPoolingWithArgmax2D(2)(keras.Input((None, 6, 3)))
    assert (values.shape, values.dtype) == ((None, None, 3, 3), "float32")
    assert (indices.shape, indices.dtype) == ((None, None, 3, 3), "int32")
