"""One augmentation of several, drawn for each image."""

import keras
import numpy as np
from keras import ops

from kerasbook.augmentation.arguments import probability
from kerasbook.augmentation.composite import Composite, chosen


@keras.saving.register_keras_serializable(package="kerasbook")
class RandomChoice(Composite):
    """Carries out one of several augmentations, drawn for each image.

    Args:
        augmentations: List of augmentations that keep the shapes of all features, one at least.
        probabilities: Probability of each of them, which sum to 1; `None` makes all equally
            likely.
        **kwargs: As in `Sequence`.

    Call arguments:
        inputs: As in `RandAugment`.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If `probabilities` are not one for each, with a sum of 1, or `augmentations`
            is no list of augmentations, or they do not have one `value_range`.

    Example:
        >>> augmentation = kerasbook.augmentation
        >>> augment = augmentation.RandomChoice(
        ...     [augmentation.RandAugment(), augmentation.RandomOperation("cutout")], [0.2, 0.8]
        ... )
        >>> tuple(augment(np.zeros((2, 32, 48, 3), "uint8"), training=True).shape)
        (2, 32, 48, 3)
    """

    num_own_draws = 1

    def __init__(self, augmentations, probabilities=None, **kwargs):
        super().__init__(augmentations, **kwargs)
        self._bounds = _bounds(probabilities, len(self.augmentations))
        self.probabilities = None if probabilities is None else [float(p) for p in probabilities]

    @property
    def num_steps(self):
        return max(child.num_steps for child in self.augmentations)

    def transform(self, batch, drawn):
        if self.is_planned:
            return super().transform(batch, drawn)
        own, parts = self.parts(drawn)
        return chosen([child.transform(batch, draws) for child, draws in parts], self._place(own))

    def _place(self, own):
        """Returns which child each example gets, integers `(batch,)`."""
        return ops.sum(ops.cast(own >= ops.convert_to_tensor(self._bounds), "int32"), axis=-1)

    def plan(self, drawn, state):
        own, plans = self.plans(drawn, state)
        place = self._place(own)

        def pick(part):  # (batch, children, steps, ...)
            where = ops.reshape(place, (-1, *[1] * (len(part.shape) - 1)))
            return ops.squeeze(ops.take_along_axis(part, where, axis=1), axis=1)

        return type(plans[0])(*map(pick, self.stacked(plans)))

    def get_config(self):
        return {**super().get_config(), "probabilities": self.probabilities}


def _bounds(probabilities, count):
    """Returns where in [0, 1) the second child begins, the third, and so on."""
    if probabilities is None:
        probabilities = [1 / count] * count
    if np.ndim(probabilities) != 1:
        raise ValueError(
            f"`probabilities` must be a list of numbers. Received: probabilities={probabilities}"
        )
    for number in probabilities:
        probability("probabilities", number)
    if len(probabilities) != count or abs(sum(probabilities) - 1) > 1e-6:
        raise ValueError(
            f"`probabilities` must be {count} numbers, one for each augmentation, whose sum is 1. "
            f"Received: probabilities={probabilities}"
        )
    return np.cumsum(probabilities)[:-1].astype("float32")
