"""Augmentations by a coin: all of them, or none."""

import keras
from keras import ops

from kerasbook.augmentation.arguments import probability
from kerasbook.augmentation.composite import Composite, chosen


@keras.saving.register_keras_serializable(package="kerasbook")
class RandomApply(Composite):
    """Carries out augmentations one after the other on some of the images.

    Each image gets all of them with probability `rate`, and none otherwise.

    Args:
        augmentations: List of augmentations that keep the shapes of all features, one at least.
        rate: Probability of carrying them out, in [0, 1].
        **kwargs: As in `Sequence`.

    Call arguments:
        inputs: As in `RandAugment`.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If `rate` is not in [0, 1], or `augmentations` is no list of
            augmentations, or they do not have one `value_range`.

    Example:
        >>> augmentation = kerasbook.augmentation
        >>> augment = augmentation.RandomApply([augmentation.RandAugment()], rate=0.3)
        >>> tuple(augment(np.zeros((2, 32, 48, 3), "uint8"), training=True).shape)
        (2, 32, 48, 3)
    """

    num_own_draws = 1

    def __init__(self, augmentations, rate=0.5, **kwargs):
        super().__init__(augmentations, **kwargs)
        self.rate = probability("rate", rate)

    @property
    def num_steps(self):
        return sum(child.num_steps for child in self.augmentations)

    def transform(self, batch, drawn):
        if self.is_planned:
            return super().transform(batch, drawn)
        coin, parts = self.parts(drawn)
        changed = batch
        for child, draws in parts:
            changed = child.transform(changed, draws)
        return chosen([batch, changed], ops.cast(coin[:, 0] < self.rate, "int32"))

    def plan(self, drawn, state):
        coin, plans = self.plans(drawn, state)
        plan = self.joined(plans)
        return plan._replace(
            operation=ops.where(coin < self.rate, plan.operation, len(self.operations))
        )

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}
