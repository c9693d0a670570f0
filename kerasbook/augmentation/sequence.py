"""Augmentations one after the other."""

import keras

from kerasbook.augmentation.composite import Composite


@keras.saving.register_keras_serializable(package="kerasbook")
class Sequence(Composite):
    """Carries out augmentations one after the other, each on what the one before left.

    If all of them change each image by itself, all run in one pass over the images.

    Args:
        augmentations: List of augmentations of any kind, one at least.
        seed: Integer seed of the draws of a call; `None` takes a fresh one.
        **kwargs: Passed to `Augmentation`, e.g. `name`.

    Call arguments:
        inputs: As in `RandAugment`.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.

    Raises:
        ValueError: If `augmentations` is not a list of augmentations.

    Example:
        >>> augmentation = kerasbook.augmentation
        >>> augment = augmentation.Sequence(
        ...     [augmentation.RandomOperation("rotate"), augmentation.TrivialAugmentWide()]
        ... )
        >>> tuple(augment(np.zeros((2, 32, 48, 3), "uint8"), training=True).shape)
        (2, 32, 48, 3)
    """

    @property
    def num_steps(self):
        return sum(child.num_steps for child in self.augmentations)

    def plan(self, drawn, state):
        return self.joined(self.plans(drawn, state)[1])

    def transform(self, batch, drawn):
        if self.is_planned:
            return super().transform(batch, drawn)
        for child, draws in self.parts(drawn)[1]:
            batch = child.transform(batch, draws)
        return batch

    def call(self, inputs, training=False):
        if training:
            return super().call(inputs, training=True)
        for child in self.augmentations:  # crops change images then, too
            inputs = child(inputs, training=False)
        return inputs

    def compute_output_shape(self, input_shape):
        for child in self.augmentations:
            input_shape = child.compute_output_shape(input_shape)
        return input_shape
