"""The base of augmentations that change each image by itself, by steps of operations."""

from kerasbook.augmentation import program
from kerasbook.augmentation.arguments import fill_value_of, value_range_of
from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.augmentation.operations import get_operation
from kerasbook.ops import compiled


class ImageAugmentation(Augmentation):
    """Base of the augmentations that plan steps of operations for each image.

    A subclass names its `operations`, counts its steps and plans them from the draws; all
    else is done here. Policies of policies take the plans of their children apart.

    Args:
        value_range: Least and greatest value of the images. Floats outside it are clipped,
            with a warning where their values are at hand.
        fill_value: Value of the pixels that come from outside the image, in `value_range`;
            `None` is the middle grey, 128 of 255, as AutoAugment has it.
        seed: As in `Augmentation`.
    """

    def __init__(self, *, value_range=(0, 255), fill_value=None, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.value_range = value_range_of(value_range)
        self.fill_value = fill_value_of(fill_value, self.value_range)
        self._compiled = None

    is_planned = True
    operations = ()
    """Names of the operations that a plan may contain, without repetition, a tuple."""

    @property
    def num_steps(self):
        """How many steps each image gets at most."""
        raise NotImplementedError

    @property
    def state(self):
        """What a plan depends on besides the draws: tensors that may change between calls."""
        return [self.strength.value]

    def plan(self, drawn, state):
        """Returns the `Steps` for draws `(batch, num_draws)`, and nothing but them."""
        raise NotImplementedError

    @property
    def num_chances(self):
        """How many further numbers in [0, 1) a step draws for its operation."""
        return max(get_operation(name).num_chances for name in self.operations)

    def transform(self, batch, drawn):
        if self._compiled is None:
            self._compiled = (compiled(self._run),)  # in a tuple, which Keras does not track
        (run,) = self._compiled
        return {**batch, "images": run(batch["images"], drawn, self.state)}

    def _run(self, images, drawn, state):
        fill_value = self.fill_value
        if fill_value is None:
            low, high = self.value_range
            fill_value = low + (high - low) * 128 / 255
        steps = self.plan(drawn, state)
        return program.run(images, steps, self.operations, fill_value, self.value_range)

    @property
    def image_arguments(self):
        """The arguments that say what images are, by name: `value_range` and so on."""
        return {"value_range": self.value_range, "fill_value": self.fill_value}

    def get_config(self):
        config = {**super().get_config(), **self.image_arguments}
        return {**config, "value_range": list(self.value_range)}
