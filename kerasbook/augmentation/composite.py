"""The base of policies that are made of others: one plan out of several."""

import keras
from keras import ops

from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.augmentation.image_augmentation import ImageAugmentation
from kerasbook.augmentation.program import Steps


class Composite(ImageAugmentation):
    """Base of the policies of policies, whose plans are made of their children's plans.

    What images are (`value_range` and so on) is what the children say, who must agree.

    Args:
        augmentations: The children, a list of augmentations.
        seed: As in `Augmentation`.
    """

    def __init__(self, augmentations, *, seed=None, **kwargs):
        augmentations = _listed(augmentations)
        arguments = augmentations[0].image_arguments if augmentations[0].is_planned else {}
        super().__init__(seed=seed, **arguments, **kwargs)
        self.augmentations = augmentations
        self.is_planned = all(
            child.is_planned and child.image_arguments == arguments for child in augmentations
        )
        self.mixes_labels = any(child.mixes_labels for child in augmentations)
        self.operations = tuple(
            dict.fromkeys(
                n for child in augmentations if child.is_planned for n in child.operations
            )
        )

    def require_plans(self):
        """Raises a `ValueError` unless all children plan, and agree on what images are."""
        for child in self.augmentations:
            if not child.is_planned:
                raise ValueError(
                    "`augmentations` must change each image by itself, by steps of operations. "
                    f"Received: {type(child).__name__}"
                )
        if not self.is_planned:
            received = [child.image_arguments for child in self.augmentations]
            raise ValueError(f"`augmentations` must agree on what images are. Received: {received}")

    @property
    def num_own_draws(self):
        """How many numbers of an example are for this policy itself."""
        return 0

    @property
    def num_draws(self):
        return self.num_own_draws + sum(child.num_draws for child in self.augmentations)

    @property
    def state(self):
        return [child.state for child in self.augmentations]

    def set_strength(self, value):
        for child in self.augmentations:
            child.set_strength(value)

    def plans(self, drawn, state):
        """Returns this policy's own draws and the children's plans, in its own terms."""
        plans, end = [], self.num_own_draws
        for child, child_state in zip(self.augmentations, state, strict=True):
            start, end = end, end + child.num_draws
            plan = child.plan(drawn[:, start:end], child_state)
            place = [self.operations.index(name) for name in child.operations]
            which = ops.take(
                ops.convert_to_tensor([*place, len(self.operations)]), plan.operation, axis=0
            )
            missing = self.num_chances - plan.chance.shape[-1]
            chance = ops.pad(plan.chance, ((0, 0), (0, 0), (0, missing)))
            plans.append(Steps(ops.cast(which, "int32"), plan.magnitude, chance))
        return drawn[:, : self.num_own_draws], plans

    @staticmethod
    def joined(plans):
        """Returns plans as one, one after the other."""
        return Steps(*(ops.concatenate(part, axis=1) for part in zip(*plans, strict=True)))

    def stacked(self, plans):
        """Returns plans of equal length as one, with the children as the second axis."""
        longest = max(plan.operation.shape[1] for plan in plans)
        nothing = len(self.operations)
        padded = []
        for plan in plans:
            missing = longest - plan.operation.shape[1]
            padded.append(
                Steps(
                    ops.pad(plan.operation, ((0, 0), (0, missing)), constant_values=nothing),
                    ops.pad(plan.magnitude, ((0, 0), (0, missing))),
                    ops.pad(plan.chance, ((0, 0), (0, missing), (0, 0))),
                )
            )
        return Steps(*(ops.stack(part, axis=1) for part in zip(*padded, strict=True)))

    def get_config(self):
        config = super().get_config()
        config = {k: v for k, v in config.items() if k not in self.image_arguments}
        children = [keras.saving.serialize_keras_object(a) for a in self.augmentations]
        return {**config, "augmentations": children}

    @classmethod
    def from_config(cls, config):
        children = map(keras.saving.deserialize_keras_object, config["augmentations"])
        return cls(**{**config, "augmentations": list(children)})


def _listed(augmentations):
    """Returns a list of augmentations, after a look at it."""
    good = isinstance(augmentations, (list, tuple)) and len(augmentations) > 0
    if not good or not all(isinstance(a, Augmentation) for a in augmentations):
        raise ValueError(
            "`augmentations` must be a list of augmentations, one at least. "
            f"Received: augmentations={augmentations!r}"
        )
    return list(augmentations)
