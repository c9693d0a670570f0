"""The base of what plans steps: a policy of one's own, its fill value, its warning."""

import warnings

import numpy as np
import pytest
from helpers.pictures import carried_out, natural
from keras import ops

from kerasbook.augmentation import ImageAugmentation
from kerasbook.augmentation.program import Steps


class Slide(ImageAugmentation):
    """Moves each image to the left by up to half of its width."""

    operations = ("translate_x",)
    num_steps = 1
    num_draws = 1

    def plan(self, drawn, state):
        (strength,) = state
        which = ops.zeros_like(drawn, dtype="int32")
        return Steps(which, strength * drawn / 2, ops.zeros((*ops.shape(drawn), 0)))


def test_a_policy_of_ones_own(rng):
    images = natural(rng, 3)
    drawn = rng.uniform(size=(3, 1)).astype("float32")
    found = ops.convert_to_numpy(Slide(fill_value=9).apply(images, drawn))
    expected = carried_out("translate_x", images, drawn[:, 0] / 2, fill_value=9)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("value_range", "dtype", "expected"),
    [((0, 255), "uint8", 128), ((0, 1), "float32", 128 / 255), ((-1, 1), "float32", 1 / 255)],
)
def test_the_fill_value_is_the_middle_grey(value_range, dtype, expected):
    images = np.zeros((1, 4, 8, 3), dtype)
    found = Slide(value_range=value_range).apply(images, np.ones((1, 1), "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(found)[0, :, 4:], expected, atol=1e-6)


def test_floats_outside_the_range_are_clipped_with_one_warning(rng):
    layer = Slide(value_range=(0, 1))
    images = rng.uniform(0, 255, (1, 4, 8, 3)).astype("float32")
    drawn = np.zeros((1, 1), "float32")
    with pytest.warns(UserWarning, match=r"`images` must be in `value_range`=\(0, 1\).*clipped"):
        found = ops.convert_to_numpy(layer.apply(images, drawn))
    np.testing.assert_allclose(found, np.clip(images, 0, 1), atol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer.apply(images, drawn)
        Slide(value_range=(0, 255)).apply(images, drawn)


def test_the_base_itself_plans_nothing():
    with pytest.raises(NotImplementedError):
        ImageAugmentation().plan(None, None)
