"""Augmentations in an order drawn for each image."""

import keras
from keras import ops

from kerasbook.augmentation.composite import Composite


@keras.saving.register_keras_serializable(package="kerasbook")
class RandomOrder(Composite):
    """Carries out all of several augmentations, in an order drawn for each image.

    Args:
        augmentations: List of augmentations that change each image by itself, one at least.
        **kwargs: As in `Sequence`.

    Call arguments:
        inputs: As in `RandAugment`.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If `augmentations` is not such a list, or they do not agree on what images
            are.

    Example:
        >>> augmentation = kerasbook.augmentation
        >>> augment = augmentation.RandomOrder(
        ...     [augmentation.RandomOperation("rotate"), augmentation.RandomOperation("color")]
        ... )
        >>> tuple(augment(np.zeros((2, 32, 48, 3), "uint8"), training=True).shape)
        (2, 32, 48, 3)
    """

    def __init__(self, augmentations, **kwargs):
        super().__init__(augmentations, **kwargs)
        if not self.is_planned:
            raise ValueError(
                "`augmentations` must change each image by itself, by steps of operations, and "
                f"agree on what images are. Received: augmentations={augmentations!r}"
            )

    @property
    def num_own_draws(self):
        return len(self.augmentations)

    @property
    def num_steps(self):
        return len(self.augmentations) * max(child.num_steps for child in self.augmentations)

    def plan(self, drawn, state):
        key, plans = self.plans(drawn, state)
        order = ops.argsort(key, axis=-1)

        def arrange(part):  # (batch, children, steps, ...)
            where = ops.reshape(order, (-1, part.shape[1], *[1] * (len(part.shape) - 2)))
            part = ops.take_along_axis(part, where, axis=1)
            return ops.reshape(part, (ops.shape(part)[0], self.num_steps, *part.shape[3:]))

        return type(plans[0])(*map(arrange, self.stacked(plans)))
