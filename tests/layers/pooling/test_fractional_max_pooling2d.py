"""FractionalMaxPooling2D: maxima between given edges, the edges drawn, the sizes."""

import keras
import numpy as np
import pytest

from kerasbook.layers import FractionalMaxPooling2D

SIZES = [(25, 1.44), (32, 2.0), (7, 1.0), (11, 2.3), (5, 3.1), (100, 1.9), (33, 1.33)]


def maxima(x, edges, overlapping):
    rows, columns = edges
    y = np.zeros((len(x), rows.shape[1] - 1, columns.shape[1] - 1, x.shape[-1]), x.dtype)
    for n, i, j in np.ndindex(*y.shape[:3]):
        bottom, right = rows[n, i + 1] + overlapping, columns[n, j + 1] + overlapping
        y[n, i, j] = x[n, rows[n, i] : bottom, columns[n, j] : right].max((0, 1))
    return y


@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("pseudo_random", [False, True])
@pytest.mark.parametrize("ratio", [1.44, (1, 2.3), (2, 1.5), (4.2, 3)])
def test_apply_is_the_definition(rng, overlapping, pseudo_random, ratio):
    x = rng.normal(size=(3, 9, 14, 2)).astype("float32")
    options = {"overlapping": overlapping, "pseudo_random": pseudo_random, "seed": 3}
    layer = FractionalMaxPooling2D(ratio, **options)
    edges = [keras.ops.convert_to_numpy(e) for e in layer.draw(x.shape)]
    expected = maxima(x, edges, overlapping)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer.apply(x, edges)), expected)
    assert expected.shape == layer.compute_output_shape(x.shape)

    first = FractionalMaxPooling2D(ratio, data_format="channels_first", **options)
    y = keras.ops.convert_to_numpy(first(x.transpose(0, 3, 1, 2), training=True))
    np.testing.assert_array_equal(y.transpose(0, 2, 3, 1), expected)


@pytest.mark.parametrize(("size", "ratio"), SIZES)
@pytest.mark.parametrize("pseudo_random", [False, True])
def test_edges_are_of_two_sizes_and_drawn_for_each_image(size, ratio, pseudo_random):
    layer = FractionalMaxPooling2D(ratio, pseudo_random=pseudo_random, seed=1)
    rows, columns = (keras.ops.convert_to_numpy(e) for e in layer.draw((400, size, size, 1)))
    length = int(size / ratio)
    for edges in (rows, columns):
        assert edges.shape == (400, length + 1)
        assert np.all(edges[:, 0] == 0)
        assert np.all(edges[:, -1] == size)
        assert set(np.unique(np.diff(edges))) <= {size // length, -(-size // length)}
    if size % length and length > 1:
        assert len(np.unique(rows, axis=0)) > 1
        assert np.any(rows != columns)


def test_pseudo_random_edges_are_the_formula_for_every_start():
    size, length = 25, 17
    layer = FractionalMaxPooling2D(25 / 17.5, seed=1)
    drawn = keras.ops.convert_to_numpy(layer.draw((3000, size, size, 1))[0])
    ratio = size / length
    bound = min((1 + 2) / ratio - 1, (size + 1 - 1) / ratio - (length - 1))
    starts = np.linspace(1e-6, bound, 2000)
    inner = np.ceil(ratio * (np.arange(1, length) + starts[:, None]) - 1e-9) - 1
    expected, shares = np.unique(inner, axis=0, return_counts=True)
    found, counts = np.unique(drawn[:, 1:-1], axis=0, return_counts=True)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(counts / 3000, shares / 2000, atol=0.02)


def test_random_edges_place_the_large_windows_evenly():
    layer = FractionalMaxPooling2D(1.5, pseudo_random=False, seed=1)
    rows, _ = layer.draw((6000, 10, 6, 1))
    large = np.diff(keras.ops.convert_to_numpy(rows)) == 2
    np.testing.assert_allclose(large.mean(0), np.full(6, 4 / 6), atol=0.03)


def test_outside_training_the_middle_start_is_taken(rng):
    x = rng.normal(size=(2, 25, 10, 3)).astype("float32")
    for options in ({}, {"pseudo_random": False}):
        layer = FractionalMaxPooling2D(1.44, **options)
        y = keras.ops.convert_to_numpy(layer(x))
        edges = []
        for size, length in ((25, 17), (10, 6)):
            count = min(3 * length - size, size)  # of the starts u = 1 / size, 2 / size, ...
            start = (count // 2 + 1) / size
            inner = np.ceil((np.arange(1, length) + start) * size / length - 1e-9) - 1
            edges.append(np.tile([0, *inner.astype(int), size], (2, 1)))
        np.testing.assert_array_equal(y, maxima(x, edges, False))
        np.testing.assert_array_equal(y, keras.ops.convert_to_numpy(layer(x)))


def test_ratio_one_is_the_identity(rng):
    x = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    y = FractionalMaxPooling2D(1)(x, training=True)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(y), x)


@pytest.mark.tensorflow
@pytest.mark.parametrize(("size", "ratio"), SIZES)
def test_size_is_that_of_tensorflows_kernel(size, ratio):
    import tensorflow as tf

    x = np.ones((1, size, 2 * size, 1), "float32")
    theirs = tf.nn.fractional_max_pool(x, [1, ratio, ratio, 1], seed=1)[0].shape
    assert FractionalMaxPooling2D(ratio)(x).shape == theirs


@pytest.mark.tensorflow
@pytest.mark.parametrize("pseudo_random", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_images_of_unknown_size(rng, pseudo_random, training):
    import tensorflow as tf

    x = rng.normal(size=(3, 10, 25, 2)).astype("float32")
    options = {"pseudo_random": pseudo_random, "overlapping": True, "seed": 5}
    layer, other = (FractionalMaxPooling2D((1.44, 2.2), **options) for _ in range(2))
    step = tf.function(
        lambda x: layer(x, training=training),
        input_signature=[tf.TensorSpec([None, None, None, 2])],
    )
    np.testing.assert_array_equal(step(x), other(x, training=training))


@pytest.mark.parametrize("ratio", [0.9, 0, (1.5,), (1, 2, 3), None, "2", float("inf"), True])
def test_bad_ratio_is_named(ratio):
    with pytest.raises(ValueError, match="`pooling_ratio` must be a number of at least 1"):
        FractionalMaxPooling2D(ratio)


def test_an_image_too_small_is_named():
    with pytest.raises(ValueError, match=r"`pooling_ratio` must not be larger.*\(1, 8, 2, 1\)"):
        FractionalMaxPooling2D(3)(np.ones((1, 8, 2, 1), "float32"))


def test_a_ratio_that_floats_miss_by_a_hair_counts_as_met():
    layer = FractionalMaxPooling2D(1.1)
    assert layer.compute_output_shape((2, 33, 66, 3)) == (2, 30, 60, 3)
    assert tuple(layer(np.ones((2, 33, 66, 3), "float32")).shape) == (2, 30, 60, 3)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("floatx", ["float16", "float64"])
def test_default_float_type_does_not_matter(rng, training, floatx):
    x = rng.normal(size=(2, 8, 9, 3)).astype("float32")
    expected = FractionalMaxPooling2D(1.3, seed=1, dtype="float32")(x, training=training)
    before = keras.config.floatx()
    keras.config.set_floatx(floatx)
    try:
        outputs = FractionalMaxPooling2D(1.3, seed=1, dtype="float32")(x, training=training)
    finally:
        keras.config.set_floatx(before)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(outputs), keras.ops.convert_to_numpy(expected)
    )


@pytest.mark.parametrize(
    ("name", "value"), [("overlapping", None), ("overlapping", "x"), ("pseudo_random", 1)]
)
def test_flags_are_true_or_false(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be True or False"):
        FractionalMaxPooling2D(1.3, **{name: value})


def test_seed_is_an_integer():
    with pytest.raises(ValueError, match="`seed` must be an integer or None"):
        FractionalMaxPooling2D(1.3, seed=True)
