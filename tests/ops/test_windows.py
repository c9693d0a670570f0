"""`window_taps`: the pixels of windows, whatever their size and strides."""

import keras
import numpy as np
import pytest
from helpers.definitions import pooling_windows

from kerasbook.ops import window_taps
from kerasbook.ops.windows import same_margins

GEOMETRIES = [
    (size, strides, padding)
    for size in ((1, 1), (2, 3), (5, 4))
    for strides in ((1, 2), (3, 1), (2, 2), (4, 5))
    for padding in ("valid", "same")
]


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_taps_are_the_pixels_of_windows(rng, geometry):
    x = rng.normal(size=(2, 6, 9, 2)).astype("float32")
    taps = [keras.ops.convert_to_numpy(tap) for tap in window_taps(x, *geometry, 7.0)]
    np.testing.assert_array_equal(np.stack(taps, -1), pooling_windows(x, *geometry, fill=7))


@pytest.mark.tensorflow
@pytest.mark.parametrize("geometry", GEOMETRIES[::5])
def test_sizes_may_be_unknown(rng, geometry):
    import tensorflow as tf

    x = rng.normal(size=(2, 6, 9, 2)).astype("float32")
    signature = [tf.TensorSpec([None, None, None, 2])]
    taps = tf.function(lambda x: window_taps(x, *geometry, 0.0), input_signature=signature)
    for one, other in zip(taps(x), window_taps(x, *geometry, 0.0), strict=True):
        np.testing.assert_array_equal(one, other)


def test_margins_are_larger_at_the_end_and_never_negative():
    assert same_margins(7, 4, 2) == (1, 2)
    assert same_margins(7, 1, 3) == (0, 0)
