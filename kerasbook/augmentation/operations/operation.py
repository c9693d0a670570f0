"""What an operation on images is: a description, and the kernel that carries it out."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple


class Scene(NamedTuple):
    """What a kernel may need besides its own image.

    Attributes:
        images: All images of the batch, `(batch, height, width, channels)`.
        index: Number of the kernel's own image in the batch, an integer scalar.
        fill_value: Value of the pixels that come from outside the image, in [0, 255].
        boxes: Bounding boxes before the step, `(count, 4)`: left, upper, right, lower in pixels,
            the first two equal to the others for padding; `None` unless an operation needs them.
    """

    images: object
    index: object
    fill_value: float
    boxes: object = None


def no_parameters(magnitude, chance, height, width):
    """The parameters of an operation that has none."""
    return ()


def magnitude_alone(magnitude, chance, height, width):
    """The parameters of an operation whose kernel wants the magnitude itself."""
    return (magnitude,)


@dataclasses.dataclass(frozen=True)
class Operation:
    """One operation on an image.

    Attributes:
        name: Its name, in snake case.
        kernel: Function `(image, parameters, scene)` that returns the changed image, of the same
            shape and dtype. Images `(height, width, channels)` are uint8, or float32 on the
            same scale of [0, 255] without rounding; `parameters` is a vector of which the first
            numbers are the operation's own.
        parameters: Function `(magnitude, chance, height, width)` that returns the kernel's
            parameters, a tuple of tensors. It works element by element on tensors of any shape;
            `chance` has a last axis of `num_chances` numbers in [0, 1) more.
        low: Magnitude of least effect (the identity), in the operation's unit; `None` if it has
            no level.
        high: Magnitude of greatest effect in AutoAugment's space, or the usual one.
        signed: Whether a level stands for a magnitude to either side of `low`, by a coin.
        whole: Whether the magnitude is rounded to a whole number.
        num_chances: Further uniform numbers that it draws for each image.
        is_geometric: Whether it moves pixels. Then the parameters are the first two rows and two
            numbers of the third of the matrix that takes a place in the result (x, y, 1) to
            the place that it comes from, in pixels from the upper left corner.
        is_deformation: Whether it moves pixels as no matrix can tell, so that nothing that belongs
            to places in the image can follow.
        needs_boxes: Whether the kernel looks at the bounding boxes; without them it does nothing.
        needs_batch: Whether the kernel looks at other images of the batch.
        unit: Unit of the magnitude.
        increasing: Whether the effect never falls as the level grows.
        source: Whose rule it follows.
    """

    name: str
    kernel: Callable
    parameters: Callable = magnitude_alone
    low: float = None
    high: float = None
    signed: bool = False
    whole: bool = False
    num_chances: int = 0
    is_geometric: bool = False
    is_deformation: bool = False
    needs_boxes: bool = False
    needs_batch: bool = False
    unit: str = ""
    increasing: bool = True
    source: str = ""

    @property
    def has_level(self):
        """Whether the operation has a level."""
        return self.low is not None
