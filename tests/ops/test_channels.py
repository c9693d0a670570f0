"""`channel_shuffle` against its definition."""

import keras
import numpy as np
import pytest

from kerasbook.ops import channel_shuffle


@pytest.mark.parametrize("axis", [-1, 1])
def test_channel_moves_to_its_place(axis, rng):
    x = rng.normal(size=(2, 6, 3, 6)).astype("float32")
    y = keras.ops.convert_to_numpy(channel_shuffle(keras.ops.convert_to_tensor(x), 2, axis))
    for group in range(2):
        for i in range(3):
            moved, source = i * 2 + group, group * 3 + i
            np.testing.assert_array_equal(np.take(y, moved, axis), np.take(x, source, axis))
