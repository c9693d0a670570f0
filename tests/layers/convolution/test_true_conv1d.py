"""TrueConv1D: the book's product of two sequences, np.convolve, causal filters."""

import keras
import numpy as np
import pytest

from kerasbook.layers import TrueConv1D


def filtered(x, kernel, padding):
    layer = TrueConv1D(1, len(kernel), padding=padding, use_bias=False)
    layer.build((1, len(x), 1))
    layer.set_weights([np.reshape(kernel, (-1, 1, 1))])
    return keras.ops.convert_to_numpy(layer(np.reshape(x, (1, -1, 1)).astype("float32"))).ravel()


def test_the_books_product_commutes():
    expected = [5, 16, 34, 52, 45, 28]
    assert filtered([1, 2, 3, 4], [5, 6, 7], "full").tolist() == expected
    assert filtered([5, 6, 7], [1, 2, 3, 4], "full").tolist() == expected


@pytest.mark.parametrize("padding", ["valid", "same", "full"])
@pytest.mark.parametrize("taps", [1, 3, 5])
def test_equals_numpy(padding, taps, rng):
    x, kernel = rng.normal(size=11), rng.normal(size=taps)
    np.testing.assert_allclose(
        filtered(x, kernel, padding), np.convolve(x, kernel, padding), atol=1e-5
    )


def test_causal_is_the_beginning_of_the_whole(rng):
    x, kernel = rng.normal(size=11), rng.normal(size=4)
    np.testing.assert_allclose(
        filtered(x, kernel, "causal"), np.convolve(x, kernel)[:11], atol=1e-5
    )
