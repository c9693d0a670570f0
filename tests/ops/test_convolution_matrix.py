"""`convolution_matrix`: the convolution it stands for, and the structure it is known for."""

import itertools

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

from kerasbook.ops import conv, convolution_matrix

PADDINGS = ("valid", "same", "full")
BOTH = list(itertools.product(PADDINGS, (False, True)))


def matrix_of(*arguments, **options):
    return keras.ops.convert_to_numpy(convolution_matrix(*arguments, **options))


def blocks_of(matrix, outputs, inputs):
    """Returns `(row blocks, column blocks, rows, columns)` of an image's matrix."""
    blocks = matrix.reshape(outputs[0], outputs[1], inputs[0], inputs[1])
    return blocks.transpose(0, 2, 1, 3)


def is_toeplitz(matrix):
    """Tells whether numbers, or blocks, repeat along the diagonals of the first two axes."""
    return np.array_equal(matrix[1:, 1:], matrix[:-1, :-1])


def is_circulant(matrix):
    """Tells whether each row is the one above, rolled by one; of numbers or of blocks."""
    return all(
        np.array_equal(matrix[i], np.roll(matrix[i - 1], 1, axis=0)) for i in range(len(matrix))
    )


@pytest.mark.parametrize(("padding", "flip"), BOTH)
@pytest.mark.parametrize("taps", [1, 2, 5])
def test_of_a_sequence_equals_numpy(padding, flip, taps, rng):
    x, kernel = rng.normal(size=9), rng.normal(size=taps)
    product = matrix_of(kernel, 9, padding=padding, flip=flip) @ x
    weights = kernel[::-1] if flip else kernel
    expected = convolve(x[None, :, None], weights[:, None, None], padding=padding)
    np.testing.assert_allclose(product, expected.ravel(), atol=1e-5)
    if padding != "same" or taps % 2:  # NumPy's "same" of an even kernel begins a place earlier
        theirs = np.convolve(x, kernel if flip else kernel[::-1], padding)
        np.testing.assert_allclose(product, theirs, atol=1e-5)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(
    ("size", "kernel_shape"),
    [((9,), (3, 2, 4)), ((5, 7), (3, 2, 2, 3)), ((6, 5), (2, 3, 1, 1))],
)
@pytest.mark.parametrize("options", [{}, {"strides": 2}, {"dilation_rate": 2}])
def test_with_channels_equals_the_layers_convolution(padding, size, kernel_shape, options, rng):
    x = rng.normal(size=(1, *size, kernel_shape[-2])).astype("float32")
    kernel = keras.ops.convert_to_tensor(rng.normal(size=kernel_shape).astype("float32"))
    y = conv(keras.ops.convert_to_tensor(x), kernel, padding=padding, **options)
    matrix = matrix_of(kernel, size, padding=padding, **options)
    np.testing.assert_allclose(matrix @ x.ravel(), keras.ops.convert_to_numpy(y).ravel(), atol=1e-5)


@pytest.mark.parametrize("flip", [False, True])
def test_circular_goes_round(flip, rng):
    x, kernel = rng.normal(size=(5, 7)), rng.normal(size=(2, 3))
    expected = np.zeros((5, 7))
    for i, j, u, v in np.ndindex(5, 7, 2, 3):
        sign = -1 if flip else 1
        expected[i, j] += kernel[u, v] * x[(i + sign * u) % 5, (j + sign * v) % 7]
    matrix = matrix_of(kernel, (5, 7), padding="circular", flip=flip)
    np.testing.assert_allclose(matrix @ x.ravel(), expected.ravel(), atol=1e-5)
    if flip:  # the theorem of convolution
        spectrum = np.fft.fft2(x) * np.fft.fft2(kernel, (5, 7))
        np.testing.assert_allclose(expected, np.fft.ifft2(spectrum).real, atol=1e-5)


def test_the_books_four_by_nine():
    w1, w2, w3, w4 = 1.0, 2.0, 3.0, 4.0
    assert matrix_of(np.array([[w1, w2], [w3, w4]]), 3).tolist() == [
        [w1, w2, 0, w3, w4, 0, 0, 0, 0],
        [0, w1, w2, 0, w3, w4, 0, 0, 0],
        [0, 0, 0, w1, w2, 0, w3, w4, 0],
        [0, 0, 0, 0, w1, w2, 0, w3, w4],
    ]


def test_the_books_circulant_of_length_m_plus_n_less_one(rng):
    x, kernel = rng.normal(size=4), rng.normal(size=3)
    length = len(x) + len(kernel) - 1
    matrix = matrix_of(kernel, length, padding="circular", flip=True)
    assert is_circulant(matrix)
    whole = matrix @ np.pad(x, (0, length - len(x)))
    np.testing.assert_allclose(whole, np.convolve(x, kernel), atol=1e-5)
    # The whole of two sequences is the circular one whose last inputs are zeros.
    full = matrix_of(kernel, len(x), padding="full", flip=True)
    np.testing.assert_array_equal(full, matrix[:, : len(x)])


@pytest.mark.parametrize(("padding", "flip"), BOTH)
def test_is_toeplitz_and_of_toeplitz_blocks(padding, flip, rng):
    assert is_toeplitz(matrix_of(rng.normal(size=3), 8, padding=padding, flip=flip))
    matrix = matrix_of(rng.normal(size=(2, 3)), (4, 6), padding=padding, flip=flip)
    outputs = {"valid": (3, 4), "same": (4, 6), "full": (5, 8)}[padding]
    blocks = blocks_of(matrix, outputs, (4, 6))
    assert is_toeplitz(blocks)
    assert all(is_toeplitz(block) for row in blocks for block in row)


@pytest.mark.parametrize("flip", [False, True])
def test_is_circulant_and_of_circulant_blocks(flip, rng):
    assert is_circulant(matrix_of(rng.normal(size=3), 8, padding="circular", flip=flip))
    matrix = matrix_of(rng.normal(size=(2, 3)), (4, 6), padding="circular", flip=flip)
    blocks = blocks_of(matrix, (4, 6), (4, 6))
    assert is_circulant(blocks)
    assert all(is_circulant(block) for row in blocks for block in row)


def test_strides_take_every_other_row(rng):
    kernel = rng.normal(size=(2, 3))
    every = matrix_of(kernel, (5, 7), padding="circular").reshape(5, 7, -1)
    few = matrix_of(kernel, (5, 7), padding="circular", strides=(2, 3))
    np.testing.assert_array_equal(few, every[::2, ::3].reshape(9, -1))


def test_keeps_the_dtype_and_takes_one_size_for_both_axes():
    matrix = convolution_matrix(np.ones((2, 2), "float16"), 4)
    assert tuple(matrix.shape) == (9, 16)
    assert keras.backend.standardize_dtype(matrix.dtype) == "float16"


@pytest.mark.tensorflow
def test_the_gradient_reaches_the_kernel(rng):
    import tensorflow as tf

    kernel = tf.constant(rng.normal(size=3))
    x = tf.constant(rng.normal(size=(6, 1)))
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        y = tf.reduce_sum(convolution_matrix(kernel, 6) @ x)
    expected = [x.numpy()[u : u + 4].sum() for u in range(3)]
    np.testing.assert_allclose(tape.gradient(y, kernel), expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel": np.ones((2, 2, 2, 2, 2))}, r"`kernel` must have .*\(2, 2, 2, 2, 2\)"),
        ({"kernel": np.ones(())}, r"`kernel` must have .*shape \(\)"),
        ({"kernel": np.ones((0,))}, r"`kernel` must have .*shape \(0,\)"),
        ({"input_size": 0}, "`input_size` must be .*input_size=0"),
        ({"input_size": (4, 4)}, r"`input_size` must be .*input_size=\(4, 4\)"),
        ({"input_size": None}, "`input_size` must be .*input_size=None"),
        ({"padding": "causal"}, "`padding` must be one of .*padding='causal'"),
        ({"strides": True}, "`strides` must be .*strides=True"),
        ({"dilation_rate": 4}, r"must not be larger .*input_size=\(8,\).*dilation_rate=\(4,\)"),
        ({"input_size": 2, "padding": "circular"}, "must not be larger .*'circular'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        convolution_matrix(**{"kernel": np.ones(3), "input_size": 8, **arguments})
