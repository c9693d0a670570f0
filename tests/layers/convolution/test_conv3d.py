"""Conv3D: a volume of ones, and inputs of the wrong rank."""

import keras
import numpy as np
import pytest

from kerasbook.layers import Conv3D


def test_every_voxel_is_seen_by_every_tap_under_full_padding():
    layer = Conv3D(1, (2, 1, 3), padding="full", kernel_initializer="ones")
    y = keras.ops.convert_to_numpy(layer(np.ones((1, 3, 4, 5, 1), "float32")))
    assert y.shape == (1, 4, 4, 7, 1)
    assert y.sum() == 3 * 4 * 5 * 6


def test_wrong_rank_is_named():
    with pytest.raises(ValueError, match="expected ndim=5"):
        Conv3D(1, 2)(np.ones((1, 3, 4, 1), "float32"))
    with pytest.raises(ValueError, match=r"must have 5 axes.*\(1, 3, 4, 1\)"):
        Conv3D(1, 2).build((1, 3, 4, 1))
