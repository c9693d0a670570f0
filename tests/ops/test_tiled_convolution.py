"""`tiled_conv` against a loop over places in NumPy, by both of its paths."""

import itertools

import keras
import numpy as np
import pytest
from helpers.definitions import windows

from kerasbook.ops import tiled_conv, tiled_convolution


def tiled(x, kernel, bias, strides, padding, rates):
    """The definition: place `i` of an axis takes kernel `i mod tile`."""
    rank = len(strides)
    tile = kernel.shape[rank : 2 * rank]
    seen = windows(x, kernel.shape[:rank], strides, padding, rates)
    y = np.zeros((*seen.shape[: rank + 1], kernel.shape[-1]))
    for place in np.ndindex(*y.shape[1:-1]):
        turn = tuple(i % t for i, t in zip(place, tile, strict=True))
        of_place = kernel[(slice(None),) * rank + turn]
        y[(slice(None), *place)] = np.tensordot(seen[(slice(None), *place)], of_place, rank + 1)
        y[(slice(None), *place)] += bias[turn]
    return y


CASES = [
    ((11,), (3,), (4,), (1,), (1,)),
    ((13,), (2,), (3,), (2,), (3,)),
    ((9, 7), (3, 2), (2, 3), (1, 1), (1, 1)),
    ((9, 10), (1, 3), (3, 1), (3, 2), (2, 1)),
    ((8, 7), (2, 2), (9, 9), (1, 1), (1, 1)),  # more kernels than places
    ((4, 5, 6), (2, 1, 2), (2, 1, 2), (1, 2, 1), (1, 1, 2)),
]


@pytest.mark.parametrize(("sizes", "taps", "tile", "strides", "rates"), CASES)
@pytest.mark.parametrize(
    ("padding", "path"),
    list(itertools.product(["valid", "same", "full"], ["_at_once", "_by_rounds"])),
)
def test_equals_the_definition(sizes, taps, tile, strides, rates, padding, path, rng, monkeypatch):
    monkeypatch.setattr(tiled_convolution, "_path", lambda *_: getattr(tiled_convolution, path))
    x = rng.normal(size=(2, *sizes, 3)).astype("float32")
    kernel = rng.normal(size=(*taps, *tile, 3, 4)).astype("float32")
    bias = rng.normal(size=(*tile, 4)).astype("float32")
    expected = tiled(x, kernel, bias, strides, padding, rates)
    options = {"strides": strides, "padding": padding, "dilation_rate": rates}
    y = tiled_conv(keras.ops.convert_to_tensor(x), kernel, bias, **options)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(y), expected, atol=1e-4)
    first = keras.ops.convert_to_tensor(np.moveaxis(x, -1, 1))
    y = tiled_conv(first, kernel, bias, data_format="channels_first", **options)
    y = np.moveaxis(keras.ops.convert_to_numpy(y), 1, -1)
    np.testing.assert_allclose(y, expected, atol=1e-4)


def test_path_follows_the_zeros_and_the_rounds():
    at_once, by_rounds = tiled_convolution._at_once, tiled_convolution._by_rounds
    path = tiled_convolution._path
    assert path((3, 3), (2, 2), (15, 15), (4, 4)) is at_once  # 16 / 9 of the multiply-adds
    assert path((3, 3), (8, 8), (4, 4), (10, 10)) is by_rounds
    assert path((3, 3), (8, 8), (99, 99), (10, 10)) is at_once
    assert path((3, 3), (8, 8), (None, 4), (10, 10)) is at_once


@pytest.mark.tensorflow
@pytest.mark.parametrize("padding", ["valid", "same", "full"])
@pytest.mark.parametrize("strides", [1, 2])
def test_open_sizes(padding, strides, rng):
    import tensorflow as tf

    x = rng.normal(size=(2, 9, 8, 3)).astype("float32")
    kernel = rng.normal(size=(3, 2, 2, 3, 3, 4)).astype("float32")
    options = {"strides": strides, "padding": padding}
    traced = tf.function(
        lambda x: tiled_conv(x, kernel, **options),
        input_signature=[tf.TensorSpec((None, None, None, 3))],
    )
    np.testing.assert_allclose(traced(x), tiled_conv(x, kernel, **options), atol=1e-5)
