"""Repeated augmentation: each example several times in its batch, each time another way."""

import keras
from keras import ops, tree

from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.layers.arguments import positive_integer


@keras.saving.register_keras_serializable(package="kerasbook")
class RepeatedAugmentation(Augmentation):
    """Repeats each example, and augments each copy with draws of its own.

    A batch of n examples becomes one of `n * num_repeats`, in which the copies of an example
    stand side by side. Without `training` nothing is repeated.

    Args:
        augmentation: What to do with each copy, an `Augmentation`.
        num_repeats: Copies of each example, a positive integer.
        **kwargs: Passed to `Augmentation`, e.g. `seed` and `name`.

    Call arguments:
        inputs: Images `(batch, height, width, channels)`, uint8 or floats; or a dictionary
            with `"images"`, their labels and anything else that has a batch axis.
        training: Whether to repeat and augment. Defaults to `False`.

    Returns:
        What came in, with `num_repeats` times as many examples.

    Raises:
        ValueError: If `augmentation` is no augmentation, `num_repeats` no positive integer,
            or the input is a single image.

    Example:
        >>> augmentation = kerasbook.augmentation
        >>> augment = augmentation.RepeatedAugmentation(augmentation.RandAugment(), num_repeats=3)
        >>> tuple(augment(np.zeros((2, 32, 48, 3), "uint8"), training=True).shape)
        (6, 32, 48, 3)

    Reference:
        Hoffer et al., 2020, https://arxiv.org/abs/1901.09335
    """

    needs_batch = True

    def __init__(self, augmentation, num_repeats=2, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(augmentation, Augmentation):
            raise ValueError(
                f"`augmentation` must be an augmentation. Received: augmentation={augmentation!r}"
            )
        self.augmentation = augmentation
        self.num_repeats = positive_integer("num_repeats", num_repeats)
        self.num_copies = num_repeats * augmentation.num_copies
        self.mixes_labels = augmentation.mixes_labels

    @property
    def children(self):
        return [self.augmentation]

    @property
    def num_draws(self):
        return self.num_repeats * self.augmentation.num_draws

    def set_strength(self, value):
        self.augmentation.set_strength(value)

    def dated(self, drawn, epoch):
        copies = ops.reshape(drawn, (-1, self.augmentation.num_draws))
        return ops.reshape(self.augmentation.dated(copies, epoch), (-1, self.num_draws))

    def transform(self, batch, drawn):
        repeated = tree.map_structure(lambda x: ops.repeat(x, self.num_repeats, axis=0), batch)
        drawn = ops.reshape(drawn, (-1, self.augmentation.num_draws))
        return self.augmentation.transform(repeated, drawn)

    def get_config(self):
        config = super().get_config()
        child = keras.saving.serialize_keras_object(self.augmentation)
        return {**config, "augmentation": child, "num_repeats": self.num_repeats}

    @classmethod
    def from_config(cls, config):
        child = keras.saving.deserialize_keras_object(config["augmentation"])
        return cls(**{**config, "augmentation": child})
