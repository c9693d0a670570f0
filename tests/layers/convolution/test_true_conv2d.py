"""TrueConv2D: the book's cross-correlation, by Conv2D as it is and here by the turned kernel."""

import keras
import numpy as np
import pytest

from kerasbook.layers import Conv2D, TrueConv2D


@pytest.mark.parametrize("kind", [Conv2D, TrueConv2D])
def test_the_books_image_of_three_by_three(kind):
    kernel = np.arange(4.0).reshape(2, 2, 1, 1)
    layer = kind(1, 2, use_bias=False)
    layer.build((1, 3, 3, 1))
    layer.set_weights([kernel if kind is Conv2D else kernel[::-1, ::-1]])
    y = keras.ops.convert_to_numpy(layer(np.arange(9, dtype="float32").reshape(1, 3, 3, 1)))
    assert y[0, :, :, 0].tolist() == [[19, 25], [37, 43]]


def test_multiplies_polynomials_of_two_variables(rng):
    x, kernel = rng.normal(size=(4, 5)).astype("float32"), rng.normal(size=(2, 3))
    expected = np.zeros((5, 7))
    for (i, j), value in np.ndenumerate(x):
        expected[i : i + 2, j : j + 3] += value * kernel
    layer = TrueConv2D(1, (2, 3), padding="full", use_bias=False)
    layer.build((1, 4, 5, 1))
    layer.set_weights([kernel[:, :, None, None]])
    y = keras.ops.convert_to_numpy(layer(x[None, :, :, None]))
    np.testing.assert_allclose(y[0, :, :, 0], expected, atol=1e-5)
