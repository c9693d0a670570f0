"""The base of policies that are made of others: one plan out of several."""

import keras
import numpy as np
from keras import ops, tree

from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.augmentation.image_augmentation import ImageAugmentation
from kerasbook.augmentation.program import Steps


class Composite(ImageAugmentation):
    """Base of the policies of policies, whose plans are made of their children's plans.

    What images are (`value_range` and so on) is what the children say. If all plan, and agree on
    it, they run as one; else one by one, with one `value_range` at least.

    Args:
        augmentations: The children, a list of augmentations.
        seed: As in `Augmentation`.
    """

    def __init__(self, augmentations, *, seed=None, **kwargs):
        augmentations = _listed(augmentations)
        _require_agreement(augmentations)
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

    @property
    def children(self):
        return self.augmentations

    def parts(self, drawn):
        """Returns this policy's own draws, and the children with theirs."""
        counts = [self.num_own_draws, *(child.num_draws for child in self.augmentations)]
        ends = np.cumsum(counts).tolist()
        own, *others = (drawn[:, end - n : end] for n, end in zip(counts, ends, strict=True))
        return own, list(zip(self.augmentations, others, strict=True))

    @property
    def needs_batch(self):
        return any(child.needs_batch for child in self.augmentations)

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

    def dated(self, drawn, epoch):
        own, parts = self.parts(drawn)
        dated = [child.dated(draws, epoch) for child, draws in parts]
        if all(new is old for new, (_, old) in zip(dated, parts, strict=True)):
            return drawn
        return ops.concatenate([ops.convert_to_tensor(part) for part in (own, *dated)], axis=1)

    def plans(self, drawn, state):
        """Returns this policy's own draws and the children's plans, in its own terms."""
        plans = []
        own, parts = self.parts(drawn)
        for (child, draws), child_state in zip(parts, state, strict=True):
            plan = child.plan(draws, child_state)
            place = [self.operations.index(name) for name in child.operations]
            which = ops.take(
                ops.convert_to_tensor([*place, len(self.operations)]), plan.operation, axis=0
            )
            missing = self.num_chances - plan.chance.shape[-1]
            chance = ops.pad(plan.chance, ((0, 0), (0, 0), (0, missing)))
            plans.append(Steps(ops.cast(which, "int32"), plan.magnitude, chance))
        return own, plans

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


def _require_agreement(augmentations):
    """Raises a `ValueError` for children of which one would not know what another leaves."""
    for child in augmentations:
        if child.num_copies > 1:
            raise ValueError(
                "`augmentations` must not repeat examples; repeat the whole policy instead. "
                f"Received: {type(child).__name__}"
            )
    ranges = {c.value_range for c in augmentations if getattr(c, "value_range", None)}
    if len(ranges) > 1:
        raise ValueError(f"`augmentations` must have one `value_range`. Received: {sorted(ranges)}")


def chosen(results, place):
    """Returns, for each example, the features of one of several results.

    Args:
        results: Dictionaries of features, all of the same structure and shapes.
        place: Which of them, integers `(batch,)`.
    """

    def choose(*parts):
        result = parts[0]
        for number, part in enumerate(parts[1:], start=1):
            is_it = ops.reshape(place == number, (-1, *[1] * (len(part.shape) - 1)))
            result = ops.where(is_it, part, result)
        return result

    return tree.map_structure(choose, *results)


def _listed(augmentations):
    """Returns a list of augmentations, after a look at it."""
    good = isinstance(augmentations, (list, tuple)) and len(augmentations) > 0
    if not good or not all(isinstance(a, Augmentation) for a in augmentations):
        raise ValueError(
            "`augmentations` must be a list of augmentations, one at least. "
            f"Received: augmentations={augmentations!r}"
        )
    return list(augmentations)
