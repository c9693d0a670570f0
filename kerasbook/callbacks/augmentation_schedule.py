"""Augmentation that grows, or fades, with the epochs."""

import math

import keras

from kerasbook.arguments import one_of, positive_integer
from kerasbook.layers.arguments import number_of

SCHEDULES = ("constant", "linear", "cosine", "curriculum")


class AugmentationSchedule(keras.callbacks.Callback):
    """Sets the strength of augmentations at the beginning of each epoch.

    The strength s scales an augmentation's level (of `RandAugment` and its like) or its rate
    (of mixing layers): 0 leaves images as they are, 1 is the full effect. With n = `epochs` and
    t = min(1, e / (n - 1)) in epoch e, counted from 0:

    - `"constant"`: s = `end`
    - `"linear"`: s = `start` + (`end` - `start`) t
    - `"cosine"`: s = `start` + (`end` - `start`) (1 - cos(pi t)) / 2
    - `"curriculum"`: in stages, each of one strength, see `stages`

    The layers may be parts of the model or of its input pipeline. They hold the strength in a
    variable, so that nothing is traced or compiled again. A pipeline must not `cache` what it
    augmented; one that goes on over epochs (`repeat` with `steps_per_epoch`) sees a new strength
    after the batches that it has prefetched. At the end of training the strength stays.

    Args:
        layer: An augmentation, or a list of them: anything with `set_strength`. `None` is the
            augmentation of the recipe that `kerasbook.training.train` runs.
        schedule: `"constant"`, `"linear"`, `"cosine"` or `"curriculum"`.
        start: Strength of the first epoch, in [0, 1].
        end: Strength of the last of `epochs`, and of those after it, in [0, 1].
        epochs: Number of epochs from the first strength to the last; `None` is all of the run.
        stages: Of a curriculum: their number, for stages of equal length (to a whole epoch) in
            equal steps from `start` to `end`; or a list of (first epoch, strength), in which the
            epochs rise and count from 0. Before the first of them the strength is `start`.

    Raises:
        ValueError: If an argument is outside its interval, or `layer` has no strength.

    Example:
        >>> policy = kerasbook.augmentation.RandAugment(level=9)
        >>> schedule = kerasbook.callbacks.AugmentationSchedule(policy, "linear", epochs=11)
        >>> [round(schedule.strength_of(epoch), 2) for epoch in (0, 1, 5, 10, 20)]
        [0.0, 0.1, 0.5, 1.0, 1.0]

    Reference:
        Bengio et al., 2009, https://doi.org/10.1145/1553374.1553380, order the examples of a
        curriculum; here its stages change how strongly examples are augmented.
    """

    def __init__(self, layer=None, schedule="linear", *, start=0.0, end=1.0, epochs=None, stages=4):
        super().__init__()
        self.layer = layer
        self.schedule = one_of("schedule", schedule, SCHEDULES)
        self.start = _strength("start", start)
        self.end = _strength("end", end)
        self.epochs = epochs if epochs is None else positive_integer("epochs", epochs)
        self.stages = _stages(stages)
        self._layers = None if layer is None else layers_with_strength(layer)

    def strength_of(self, epoch):
        """Returns the strength of an epoch, counted from 0."""
        epochs = self.epochs or (getattr(self, "params", None) or {}).get("epochs")
        if self.schedule == "constant":
            return self.end
        if self.schedule == "curriculum" and not isinstance(self.stages, int):
            begun = [strength for first, strength in self.stages if first <= epoch]
            return begun[-1] if begun else self.start
        if epochs is None:
            raise ValueError("`epochs` must be given outside training. Received: epochs=None")
        if self.schedule == "curriculum":
            share = _share(min(epoch * self.stages // epochs, self.stages - 1), self.stages)
        else:
            share = _share(epoch, epochs)
        if self.schedule == "cosine":
            share = (1 - math.cos(math.pi * share)) / 2
        return self.start + (self.end - self.start) * share

    def on_train_begin(self, logs=None):
        if self.layer is None:
            self._layers = layers_with_strength(self.params.get("augmentation"))

    def on_epoch_begin(self, epoch, logs=None):
        for layer in self._layers:
            layer.set_strength(self.strength_of(epoch))


def layers_with_strength(layer):
    """Returns a layer, or the layers of a list, as a list; all must have a strength."""
    layers = list(layer) if isinstance(layer, (list, tuple)) else [layer]
    without = [type(x).__name__ for x in layers if not hasattr(x, "set_strength")]
    if without or not layers:
        raise ValueError(
            f"`layer` must be augmentations with a strength, one at least. Received: {without}"
        )
    return layers


def _share(place, count):
    """Returns how far a place is between the first, 0, and the last of `count`, 1."""
    return min(1.0, place / (count - 1)) if count > 1 else 1.0


def _strength(name, value):
    return number_of(name, value, "in [0, 1]", lambda v: 0 <= v <= 1)


def _stages(stages):
    if isinstance(stages, int):
        return positive_integer("stages", stages)
    pairs = isinstance(stages, (list, tuple)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], int)
        for pair in stages
    )
    firsts = [first for first, _ in stages] if pairs else []
    if not firsts or firsts[0] < 0 or firsts != sorted(set(firsts)):
        raise ValueError(
            "`stages` must be their number, or (first epoch, strength) in rising order. "
            f"Received: stages={stages!r}"
        )
    for _, strength in stages:
        _strength("stages", strength)
    return stages
