"""The last epochs without mixed samples."""

import keras

from kerasbook.arguments import positive_integer
from kerasbook.callbacks.augmentation_schedule import layers_with_strength


class MixUpOff(keras.callbacks.Callback):
    """Turns the mixing of samples off for the last epochs of a run.

    What mixes samples and labels, such as `MixUp` and `CutMix`, gets strength 0 when the last
    epochs begin, and the strength that it had when training ends; nothing is traced or compiled
    again. In a policy of several augmentations the others stay as they are. A callback
    that sets the strength of the same layers must stand before this one.

    Args:
        layer: An augmentation, or a list of them, of which one at least mixes samples. `None` is
            the augmentation of the recipe that `kerasbook.training.train` runs.
        last_epochs: Number of epochs at the end without mixing, a positive integer; in a
            shorter run all of them.

    Raises:
        ValueError: If `last_epochs` is no positive integer, or nothing in `layer` mixes samples.

    Example:
        >>> class Mixing(kerasbook.augmentation.Augmentation):
        ...     mixes_samples = True
        >>> kerasbook.callbacks.MixUpOff(Mixing(), last_epochs=15).last_epochs
        15

    Reference:
        Ge et al., 2021, section 2.1, https://arxiv.org/abs/2107.08430, who end mosaics, too,
        15 epochs before the end.
    """

    def __init__(self, layer=None, last_epochs=10):
        super().__init__()
        self.layer = layer
        self.last_epochs = positive_integer("last_epochs", last_epochs)
        self._mixing = None if layer is None else _mixing_layers(layer)
        self._before = None

    def on_train_begin(self, logs=None):
        self._put_back()  # after a run that was broken off
        if self.layer is None:
            self._mixing = _mixing_layers(self.params.get("augmentation"))

    def on_epoch_begin(self, epoch, logs=None):
        if epoch < self.params["epochs"] - self.last_epochs:
            return
        if self._before is None:
            self._before = [float(part.strength) for part in self._mixing]
        for part in self._mixing:
            part.set_strength(0.0)

    def on_train_end(self, logs=None):
        self._put_back()

    def _put_back(self):
        for part, strength in zip(self._mixing or [], self._before or [], strict=False):
            part.set_strength(strength)
        self._before = None


def _mixing_layers(layer):
    """Returns what mixes samples in a layer or a list of them, one at least."""
    leaves = [leaf for one in layers_with_strength(layer) for leaf in one.leaves()]
    mixing = [leaf for leaf in leaves if leaf.mixes_samples]
    if not mixing:
        raise ValueError(
            "`layer` must mix samples, or hold what does. "
            f"Received: {type(layer).__name__}, in which nothing mixes samples"
        )
    return mixing
