"""CutMix: a box of each image taken from another one, the labels weighted by area."""

import keras
from keras import ops

from kerasbook.augmentation.mixing import Mixing, mixed_labels
from kerasbook.augmentation.quantiles import beta_quantile
from kerasbook.layers.arguments import number_of
from kerasbook.ops import rows_at


@keras.saving.register_keras_serializable(package="kerasbook")
class CutMix(Mixing):
    """Replaces a box of each image of a batch by the same box of another one.

    The box has the sides `width * sqrt(1 - lambda)` and `height * sqrt(1 - lambda)` with
    `lambda ~ Beta(alpha, alpha)`, and its middle anywhere in the image; both are drawn for each
    image. Pixels whose middle lies in the box are replaced. The labels become
    `y = kept * y_i + (1 - kept) * y_j`, where `kept` is the exact share of the pixels that stay.

    Args:
        alpha: Parameter of the beta distribution, above 0.
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
        ValueError: If `alpha` is not above 0 or `rate` is not in [0, 1]; in a call, if there is
            one image and no batch, if labels are not floats of rank 2, or if there are bounding
            boxes or keypoints.

    Example:
        >>> images = np.stack([np.zeros((3, 4, 1)), np.ones((3, 4, 1))]).astype("uint8")
        >>> batch = {"images": images, "labels": np.eye(2, dtype="float32")}
        >>> mixed = kerasbook.augmentation.CutMix().augment(batch, seed=1, index=[0, 1])
        >>> mixed["images"][0, :, :, 0]
        array([[0, 0, 1, 1],
               [0, 0, 1, 1],
               [0, 0, 0, 0]], dtype=uint8)
        >>> np.round(mixed["labels"][0], 3)
        array([0.667, 0.333], dtype=float32)

    Reference:
        Yun et al., 2019, section 3.1, https://arxiv.org/abs/1905.04899. Their code draws one
        box for each batch, and rounds its sides to even numbers of pixels.
    """

    num_own_draws = 3
    mixed_features = ("images", "labels", "segmentation_masks")

    def __init__(self, alpha=1.0, *, rate=1.0, seed=None, **kwargs):
        super().__init__(rate=rate, seed=seed, **kwargs)
        self.alpha = number_of("alpha", alpha, "above 0", lambda v: v > 0)

    def mix(self, batch, partners, is_mixed, drawn):
        side = ops.sqrt(1 - beta_quantile(drawn[:, 0], self.alpha, self.alpha))
        side = ops.where(is_mixed, side, 0.0)
        height, width = ops.shape(batch["images"])[1:3]
        rows = _within(drawn[:, 1], side, height, height)
        columns = _within(drawn[:, 2], side, width, width)
        result = {}
        for key in ("images", "segmentation_masks"):
            if key in batch:
                result[key] = self._cut(batch[key], partners[:, 0], rows, drawn[:, 2], side)
        if "labels" in batch:
            area = ops.cast(height * width, "float32")
            share = _count(rows) * _count(columns) / area
            shares = ops.stack([1 - share, share], axis=1)
            result["labels"] = mixed_labels(batch["labels"], partners, shares)
        return result

    def _cut(self, images, partners, rows, middle, side):
        """Puts the partners' boxes into images `(batch, height, width, ...)`."""
        count, height, width = ops.shape(images)[:3]
        flat = ops.reshape(images, (count, height, -1))  # long rows compile to fast loops
        columns = _within(middle, side, width, ops.shape(flat)[2])
        inside = ops.logical_and(rows[:, :, None], columns[:, None, :])
        return ops.reshape(ops.where(inside, rows_at(flat, partners), flat), ops.shape(images))

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}


def _within(middle, side, size, length):
    """Tells which numbers of a row of pixels lie within each box.

    Args:
        middle: Middle of each box, a fraction of the image's side, `(batch,)`.
        side: Side of each box, a fraction of the image's, `(batch,)`.
        size: Number of pixels.
        length: Number of numbers in the row, a multiple of `size`.

    Returns:
        Booleans `(batch, length)`.
    """
    pixel = ops.cast(ops.arange(length) // (length // size), "float32") + 0.5
    size = ops.cast(size, "float32")
    return ops.abs(pixel - (middle * size)[:, None]) < (side * size / 2)[:, None]


def _count(rows):
    return ops.sum(ops.cast(rows, "float32"), axis=1)
