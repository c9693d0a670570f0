"""TensorFlow's kernel of `local_conv`: its written-out gradient against TensorFlow's own."""

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow
if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    from kerasbook.ops.local_convolution import Grid
    from kerasbook.ops.local_convolution_tensorflow import local_conv


def plain(x, kernel, grid):
    """The same sum of products, whose gradient TensorFlow derives."""
    x = tf.pad(x, [*grid.margins, (0, 0), (0, 0)])
    return tf.add_n(
        [tf.matmul(kernel[tap], x[grid.view(tap)], transpose_a=True) for tap in grid.all_taps()]
    )


@pytest.mark.parametrize(
    ("sizes", "places", "taps", "strides", "rates", "padding"),
    [
        ((6, 7), (4, 6), (3, 2), (1, 1), (1, 1), "valid"),
        ((6, 7), (3, 3), (3, 2), (2, 3), (1, 1), "same"),
        ((8, 9), (2, 3), (2, 1), (4, 4), (1, 1), "valid"),  # some pixels are seen by nobody
        ((9, 7), (3, 4), (3, 2), (2, 1), (2, 3), "valid"),
        ((9,), (5,), (3,), (2,), (3,), "same"),
        ((4, 5, 6), (2, 5, 3), (2, 1, 3), (2, 1, 2), (1, 1, 1), "same"),
    ],
)
def test_gradient_is_tensorflows(sizes, places, taps, strides, rates, padding, rng):
    grid = Grid(sizes, places, taps, strides, rates, padding)
    x = tf.constant(rng.normal(size=(*sizes, 2, 3)))
    kernel = tf.constant(rng.normal(size=(*taps, *places, 2, 4)))
    results = []
    for function in (local_conv, plain):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            y = function(x, kernel, grid)
            loss = tf.reduce_sum(y * tf.cos(y))
        results.append([y, *tape.gradient(loss, [x, kernel])])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
