"""SamplePairing: each image averaged with another one, its own label kept."""

import keras
from keras import ops

from kerasbook.augmentation.arguments import probability
from kerasbook.augmentation.features import KEYS
from kerasbook.augmentation.mixing import Mixing, blended_images


@keras.saving.register_keras_serializable(package="kerasbook")
class SamplePairing(Mixing):
    """Averages each image of a batch with another one, and keeps its own label.

    `x = (1 - weight) * x_i + weight * x_j` and `y = y_i`. uint8 images are rounded to the
    nearest.

    Args:
        weight: The other image's share, in [0, 1].
        rate: Probability that an image is mixed, in [0, 1].
        seed: Integer seed of the draws of a call; `None` takes a fresh one.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name`.

    Call arguments:
        inputs: Images `(batch, height, width, channels)`, uint8 or floats; or a dictionary of
            `"images"` and other features, which stay as they are.
        training: Whether to mix. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If `weight` or `rate` is not in [0, 1]; in a call, if there is one image and
            no batch.

    Example:
        >>> images = np.stack([np.zeros((2, 2, 1)), np.full((2, 2, 1), 100.0)])
        >>> pairing = kerasbook.augmentation.SamplePairing(weight=0.25)
        >>> pairing.augment(images, seed=0, index=[0, 1]).max(axis=(1, 2, 3))
        array([25., 75.])

    Reference:
        Inoue, 2018, section 3, https://arxiv.org/abs/1801.02929. There it is off in the first
        epochs, on and off by turns in most, and off in the last: see `set_strength`.
    """

    mixes_labels = False
    mixed_features = ("images",)
    kept_features = KEYS[1:]

    def __init__(self, weight=0.5, *, rate=1.0, seed=None, **kwargs):
        super().__init__(rate=rate, seed=seed, **kwargs)
        self.weight = probability("weight", weight)

    def mix(self, batch, partners, is_mixed, drawn):
        share = ops.where(is_mixed, 1 - self.weight, 1.0)
        return {"images": blended_images(batch["images"], partners[:, 0], share)}

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}
