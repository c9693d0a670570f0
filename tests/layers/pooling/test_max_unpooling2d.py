"""MaxUnpooling2D: the places in NumPy, round trips, and how the output's size is found."""

import keras
import numpy as np
import pytest

from kerasbook.layers import MaxPoolingWithArgmax2D, MaxUnpooling2D


def test_definition_with_values_that_meet(rng):
    values = rng.normal(size=(2, 3, 2, 4)).astype("float32")
    indices = rng.integers(0, 12, values.shape)  # of 3 x 4 pixels; many meet
    expected = np.zeros((2, 3, 4, 4), "float32")
    for n, i, j, c in np.ndindex(*values.shape):
        row, column = divmod(indices[n, i, j, c], 4)
        expected[n, row, column, c] += values[n, i, j, c]
    y = MaxUnpooling2D(output_size=(3, 4))([values, indices])
    np.testing.assert_allclose(keras.ops.convert_to_numpy(y), expected, atol=1e-6)
    first = MaxUnpooling2D(output_size=(3, 4), data_format="channels_first")
    y = first([values.transpose(0, 3, 1, 2), indices.transpose(0, 3, 1, 2)])
    y = keras.ops.convert_to_numpy(y).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(y, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"pool_size": 2}, (2, 6, 8, 3)),
        ({"pool_size": (3, 2), "strides": (3, 2)}, (2, 6, 8, 3)),
        ({"pool_size": 2, "padding": "same"}, (2, 6, 8, 3)),
        ({"pool_size": 2, "data_format": "channels_first"}, (2, 3, 6, 8)),
    ],
)
def test_pooling_undoes_unpooling(rng, arguments, shape):
    pooling, unpooling = MaxPoolingWithArgmax2D(**arguments), MaxUnpooling2D(**arguments)
    x = rng.uniform(1, 2, shape).astype("float32")
    pooled = pooling(x)
    y = unpooling(pooled)
    assert tuple(y.shape) == shape
    y = keras.ops.convert_to_numpy(y)
    assert np.all((y == 0) | (y == x))
    assert np.count_nonzero(y) == keras.ops.size(pooled[0])
    for again, before in zip(pooling(y), pooled, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(again), keras.ops.convert_to_numpy(before)
        )


def test_the_size_comes_from_the_pooled_image_the_argument_or_the_windows(rng):
    x = rng.normal(size=(1, 7, 9, 2)).astype("float32")
    pooled = MaxPoolingWithArgmax2D(2)(x)
    like = MaxUnpooling2D(2)([*pooled, x])
    fixed = MaxUnpooling2D(2, output_size=(7, 9))(pooled)
    assert like.shape == (1, 7, 9, 2)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(like), keras.ops.convert_to_numpy(fixed)
    )
    shapes = [(None, 3, 4, 2)] * 2
    assert MaxUnpooling2D(2).compute_output_shape(shapes) == (None, 6, 8, 2)
    assert MaxUnpooling2D(3, strides=2).compute_output_shape(shapes) == (None, 7, 9, 2)
    assert MaxUnpooling2D(3, strides=2, padding="same").compute_output_shape(shapes) == (
        None,
        6,
        8,
        2,
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_model_of_unknown_sizes_takes_them_from_the_image(rng, padding):
    images = keras.Input((None, None, 2))
    pooled = MaxPoolingWithArgmax2D(3, strides=2, padding=padding)(images)
    unpooled = MaxUnpooling2D(3, strides=2, padding=padding)([*pooled, images])
    assert unpooled.shape == (None, None, None, 2)
    model = keras.Model(images, unpooled)
    for shape in ((1, 7, 10, 2), (2, 8, 5, 2)):
        x = rng.uniform(1, 2, shape).astype("float32")
        y = model.predict(x, verbose=0)
        assert y.shape == x.shape
        times = y / x  # how many windows chose the pixel
        np.testing.assert_allclose(times, times.round(), atol=1e-5)


@pytest.mark.tensorflow
def test_it_is_the_adjoint_of_pooling(rng):
    import tensorflow as tf

    x = tf.constant(rng.normal(size=(2, 7, 7, 2)))
    upstream = tf.constant(rng.normal(size=(2, 3, 3, 2)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        values, indices = MaxPoolingWithArgmax2D(3, strides=2, dtype="float64")(x)
    layer = MaxUnpooling2D(3, strides=2, dtype="float64")
    expected = tape.gradient(values, x, output_gradients=upstream)
    np.testing.assert_allclose(layer([upstream, indices]), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "shapes", [[(1, 2, 2, 1)], [(1, 2, 2, 1), (1, 2, 3, 1)], [(1, 2, 2), (1, 2, 2)], (1, 2, 2, 1)]
)
def test_bad_inputs_are_named(shapes):
    with pytest.raises(ValueError, match="`inputs` must be a list of values and indices"):
        MaxUnpooling2D().build(shapes)


def test_bad_output_size_is_named():
    with pytest.raises(ValueError, match="`output_size` must be a positive integer or 2 of them"):
        MaxUnpooling2D(output_size=(3, 0))
