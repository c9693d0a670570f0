"""CenterCrop: the middle, in training too."""

import numpy as np

from kerasbook.augmentation import CenterCrop


def test_middle(rng):
    images = rng.integers(0, 256, (2, 9, 14, 3)).astype("uint8")
    for training in (False, True):
        got = CenterCrop(4, 8)(images, training=training)
        np.testing.assert_array_equal(got, images[:, 2:6, 3:11])
