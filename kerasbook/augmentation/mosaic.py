"""Mosaic: four images meet at a random center, the labels weighted by area."""

import keras
from keras import ops

from kerasbook.augmentation.mixing import Mixing, mixed_labels
from kerasbook.layers.arguments import number_of
from kerasbook.ops import map_images, rows_at


@keras.saving.register_keras_serializable(package="kerasbook")
class Mosaic(Mixing):
    """Puts each image of a batch together with three others around a random center.

    Four images, each of full size, are laid in a square of two rows; a window of the size of
    one is cut from it so that their common corner comes to lie at the center
    `(round(height * c_y), round(width * c_x))`, where `c_x` and `c_y` are uniform in
    `center_range`. The image itself is at the upper left, so that its lower right part is seen.
    The labels become the sum of the four, each weighted by the exact share of its pixels.

    Args:
        center_range: Least and greatest place of the center, two fractions of the side in
            [0, 1].
        rate: Probability that an image is mixed, in [0, 1].
        seed: Integer seed of the draws of a call; `None` takes a fresh one.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name`.

    Call arguments:
        inputs: Images `(batch, height, width, channels)`, uint8 or floats; or a dictionary of
            `"images"` and any of `"labels"`, floats `(batch, classes)`, and
            `"segmentation_masks"`, `(batch, height, width)` or `(batch, height, width, 1)`.
        training: Whether to mix. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If `center_range` is not two numbers in [0, 1] that do not fall, or `rate` is
            not in [0, 1]; in a call, if there is one image and no batch, if labels are not
            floats of rank 2, or if there are bounding boxes or keypoints.

    Example:
        >>> images = np.arange(4, dtype="uint8")[:, None, None, None] + np.zeros((4, 4, 2, 1))
        >>> mosaic = kerasbook.augmentation.Mosaic(center_range=(0.5, 0.5))
        >>> mosaic.augment(images, seed=0, index=range(4))[0, :, :, 0]
        array([[0., 3.],
               [0., 3.],
               [1., 2.],
               [1., 2.]])

    Reference:
        Bochkovskiy et al., 2020, section 3.3, https://arxiv.org/abs/2004.10934. There the
        images are scaled as well, which is left to the augmentations before this one.
    """

    num_partners = 3
    num_own_draws = 2
    mixed_features = ("images", "labels", "segmentation_masks")

    def __init__(self, center_range=(0.25, 0.75), *, rate=1.0, seed=None, **kwargs):
        super().__init__(rate=rate, seed=seed, **kwargs)
        self.center_range = _center_range(center_range)

    def mix(self, batch, partners, is_mixed, drawn):
        low, high = self.center_range
        place = low + (high - low) * drawn
        size = ops.cast(ops.stack(ops.shape(batch["images"])[1:3]), "int32")
        center = ops.cast(ops.floor(place * ops.cast(size, "float32") + 0.5), "int32")
        center = ops.where(is_mixed[:, None], center, size)  # a window on the image alone
        result = {}
        for key in ("images", "segmentation_masks"):
            if key in batch:
                result[key] = _windows(batch[key], partners, size - center)
        if "labels" in batch:
            y, x = ops.split(ops.cast(center / size, "float32"), 2, axis=1)
            shares = [y * x, y * (1 - x), (1 - y) * x, (1 - y) * (1 - x)]
            shares = ops.concatenate(shares, axis=1)
            result["labels"] = mixed_labels(batch["labels"], partners, shares)
        return result

    def get_config(self):
        return {**super().get_config(), "center_range": list(self.center_range)}


def _windows(images, partners, start):
    """Cuts a window from each image and its partners `(batch, 3)`, laid in two rows of two.

    Args:
        images: Tensor `(batch, height, width, ...)`.
        partners: Places in the batch, integers `(batch, 3)`.
        start: First row and column of each window, integers `(batch, 2)`.

    Returns:
        Tensor of the shape and dtype of `images`.
    """
    count, height, width = ops.shape(images)[:3]
    flat = ops.reshape(images, (count, height, -1))  # long rows compile to fast loops
    length = ops.shape(flat)[2]

    def window(image, partners, start):
        right, below, across = (rows_at(flat, partners[number]) for number in range(3))
        upper = ops.concatenate([image, right], axis=1)
        lower = ops.concatenate([below, across], axis=1)
        square = ops.concatenate([upper, lower], axis=0)
        first = (start[0], start[1] * (length // width))
        return ops.slice(square, ops.stack(first), (height, length))

    return ops.reshape(map_images(window, flat, partners, start), ops.shape(images))


def _center_range(value):
    """Returns two fractions as a tuple, or raises a `ValueError`."""
    rule = "two numbers in [0, 1] that do not fall"
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError(f"`center_range` must be {rule}. Received: center_range={value!r}")
    low, high = (number_of("center_range", v, rule, lambda v: 0 <= v <= 1) for v in value)
    if low > high:
        raise ValueError(f"`center_range` must be {rule}. Received: center_range={value!r}")
    return low, high
