"""ShiftFlip: what is applied against NumPy, what is drawn, and the policies' names."""

import numpy as np
import pytest
import tensorflow as tf

from kerasbook import augmentation
from kerasbook.augmentation import ShiftFlip

pytestmark = pytest.mark.tensorflow


def moved(image, down, right, flip):
    """The definition: mirror, then move, zeros coming in."""
    height, width = image.shape[:2]
    image = image[:, ::-1] if flip else image
    result = np.zeros_like(image)
    for y in range(height):
        for x in range(width):
            if 0 <= y - down < height and 0 <= x - right < width:
                result[y, x] = image[y - down, x - right]
    return result


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_apply_is_the_definition(dtype, rng):
    images = rng.integers(0, 256, (6, 8, 12, 3)).astype(dtype)
    policy = ShiftFlip(fraction=0.25, flip=True)  # by 2 rows and 3 columns at most
    drawn = np.array(
        [
            [0, 0, 0],
            [0.99, 0.99, 0.9],
            [0.5, 0.5, 0.1],
            [0.5, 0.5, 0.7],
            [0.3, 0.9, 0.2],
            [0.9, 0.1, 0.6],
        ],
        "float32",
    )
    result = policy.apply(images, drawn).numpy()
    assert result.dtype == dtype
    for image, (row, column, side), got in zip(images, drawn, result, strict=True):
        down, right = int(row * 5) - 2, int(column * 7) - 3
        np.testing.assert_array_equal(got, moved(image, down, right, side < 0.5))


def test_images_move_each_by_itself_and_alike_on_the_next_run():
    policy = augmentation.get_policy("shift")
    images = np.zeros((200, 28, 28, 1), "uint8")
    images[:, 14, 14] = 255
    drawn = policy.draw(0, 0, tf.range(200))
    places = np.argwhere(policy.apply(images, drawn).numpy()[..., 0])[:, 1:] - 14
    assert set(map(tuple, places)) == {(y, x) for y in range(-2, 3) for x in range(-2, 3)}
    np.testing.assert_array_equal(drawn, policy.draw(0, 0, tf.range(200)))


def test_without_flip_nothing_is_mirrored_and_zero_moves_nothing(rng):
    images = rng.integers(0, 256, (50, 4, 6, 1)).astype("uint8")
    policy = ShiftFlip(fraction=0.0)
    drawn = policy.draw(1, 1, tf.range(50))
    np.testing.assert_array_equal(policy.apply(images, drawn), images)


def test_names_and_bad_arguments():
    assert {"none", "shift", "shift_and_flip"} <= set(augmentation.list_policies())
    assert augmentation.get_policy("none") is None
    policy = augmentation.get_policy("shift_and_flip")
    assert isinstance(policy, ShiftFlip)
    assert (policy.fraction, policy.flip) == (1 / 8, True)
    with pytest.raises(ValueError, match="augmentation='shfit'. Nearest: shift"):
        augmentation.get_policy("shfit")
    with pytest.raises(ValueError, match=r"`fraction` must be in \[0, 1\).*fraction=1"):
        ShiftFlip(fraction=1)
