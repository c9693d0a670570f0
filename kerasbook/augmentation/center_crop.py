"""CenterCrop: the middle of an image."""

import keras

from kerasbook.augmentation.crop import Crop


@keras.saving.register_keras_serializable(package="kerasbook")
class CenterCrop(Crop):
    """Cuts the middle out of each image, in training and otherwise.

    The window begins at `(side - size) // 2`.

    Args:
        height: Height of the result in pixels.
        width: Width of the result in pixels.
        **kwargs: As in `RandomCrop`.

    Call arguments:
        inputs: As in `RandomCrop`.
        training: Changes nothing. Defaults to `False`.

    Returns:
        What came in, with images `(batch, height, width, channels)`.

    Raises:
        ValueError: If an argument is no positive integer, an image is smaller than the result,
            or labels that are places are not as `ImageAugmentation` says.

    Example:
        >>> images = np.zeros((2, 36, 52, 3), "uint8")
        >>> tuple(kerasbook.augmentation.CenterCrop(32, 48)(images).shape)
        (2, 32, 48, 3)
    """

    num_draws = 0

    def transform(self, batch, drawn):
        return self.at_center(batch)
