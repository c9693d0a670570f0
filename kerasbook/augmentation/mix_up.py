"""MixUp: each image and its label a blend with another image of the batch and its label."""

import keras
from keras import ops

from kerasbook.augmentation.mixing import Mixing, blended_images, mixed_labels
from kerasbook.augmentation.quantiles import beta_quantile
from kerasbook.layers.arguments import number_of


@keras.saving.register_keras_serializable(package="kerasbook")
class MixUp(Mixing):
    """Blends each image of a batch, and its label, with another one.

    `x = lambda * x_i + (1 - lambda) * x_j` and `y = lambda * y_i + (1 - lambda) * y_j`, with
    `lambda ~ Beta(alpha, alpha)` drawn for each image. uint8 images are rounded to the nearest.

    Args:
        alpha: Parameter of the beta distribution, above 0; the greater, the stronger the blend.
        rate: Probability that an image is mixed, in [0, 1].
        seed: Integer seed of the draws of a call; `None` takes a fresh one.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name`.

    Call arguments:
        inputs: Images `(batch, height, width, channels)`, uint8 or floats; or a dictionary of
            `"images"` and `"labels"`, floats `(batch, classes)`.
        training: Whether to mix. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If `alpha` is not above 0 or `rate` is not in [0, 1]; in a call, if there is
            one image and no batch, if labels are not floats of rank 2, or if there are bounding
            boxes, masks or keypoints.

    Example:
        >>> images = np.stack([np.zeros((2, 2, 1)), np.full((2, 2, 1), 100.0)])
        >>> batch = {"images": images, "labels": np.eye(2, dtype="float32")}
        >>> mixed = kerasbook.augmentation.MixUp(alpha=8).augment(batch, seed=0, index=[0, 1])
        >>> np.round(mixed["images"].max(axis=(1, 2, 3)))
        array([16., 43.])
        >>> np.round(mixed["labels"], 2)
        array([[0.84, 0.16],
               [0.57, 0.43]], dtype=float32)

    Reference:
        Zhang et al., 2018, section 2, https://arxiv.org/abs/1710.09412. Their code draws one
        lambda for each batch, and may pair an image with itself.
    """

    num_own_draws = 1

    def __init__(self, alpha=0.2, *, rate=1.0, seed=None, **kwargs):
        super().__init__(rate=rate, seed=seed, **kwargs)
        self.alpha = number_of("alpha", alpha, "above 0", lambda v: v > 0)

    def mix(self, batch, partners, is_mixed, drawn):
        share = beta_quantile(drawn[:, 0], self.alpha, self.alpha)
        share = ops.where(is_mixed, share, 1.0)
        result = {"images": blended_images(batch["images"], partners[:, 0], share)}
        if "labels" in batch:
            shares = ops.stack([share, 1 - share], axis=1)
            result["labels"] = mixed_labels(batch["labels"], partners, shares)
        return result

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}
