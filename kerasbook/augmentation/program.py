"""Steps of operations on the images of a batch, and the loop that carries them out.

A policy plans: which operation each image gets in each step, and how much of it. Here the plan
is turned into kernels and their parameters, and one loop over the images runs one kernel for
each step of each image: an operation that an image does not get costs it nothing.
"""

from typing import NamedTuple

import keras
from keras import ops

from kerasbook.augmentation.operations import get_operation
from kerasbook.augmentation.operations.operation import Scene
from kerasbook.augmentation.operations.values import identity
from kerasbook.ops import map_images, widest_float


class Steps(NamedTuple):
    """What each image of a batch gets, step by step.

    Attributes:
        operation: Place of the operation among the policy's `operations`, integers
            `(batch, steps)`; their number, which is one too many, stands for none at all.
        magnitude: In the operation's unit, floats `(batch, steps)`.
        chance: Further uniform numbers of the operation, floats `(batch, steps, chances)`.
    """

    operation: object
    magnitude: object
    chance: object


def run(images, steps, operations, fill_value, value_range, boxes=None):
    """Carries out steps on a batch of images.

    Args:
        images: Tensor `(batch, height, width, channels)`, uint8 or floats in `value_range`.
        steps: `Steps`.
        operations: Names of the operations that `steps` counts.
        fill_value: Value of new pixels, in `value_range`.
        value_range: Least and greatest value of the images.
        boxes: Bounding boxes before each step, `(batch, steps, count, 4)`, for operations that
            need them; see `Scene`.

    Returns:
        Tensor of the shape and dtype of `images`.
    """
    scaled, fill_value, restore = _to_bytes_scale(images, fill_value, value_range)
    return restore(_changed(scaled, steps, operations, fill_value, boxes))


def run_on_masks(masks, steps, operations, fill_label):
    """Moves masks as `run` moves the pixels of images, and changes them in no other way.

    Args:
        masks: Tensor `(batch, height, width, channels)` of any dtype.
        steps: `Steps`.
        operations: Names of the operations that `steps` counts.
        fill_label: Label of new pixels.

    Returns:
        Tensor of the shape and dtype of `masks`.
    """
    moving = [n if get_operation(n).is_geometric else "identity" for n in operations]
    return _changed(masks, steps, moving, fill_label)


def _changed(images, steps, operations, fill_value, boxes=None):
    """Carries out steps of the given operations, in the kernels' own scale."""
    kernels, kernel_of = _kernels(operations)
    height, width = ops.shape(images)[1:3]
    parameters = parameters_of(steps, operations, height, width)
    kernel = ops.take(ops.convert_to_tensor(kernel_of), steps.operation)

    def change(image, index, kernel, parameters, boxes=None):
        def step(number, image):
            scene = Scene(images, index, fill_value, None if boxes is None else boxes[number])
            branches = [
                lambda x, p, k=k, d=dtype: k(x, ops.cast(p, d), scene) for k, dtype in kernels
            ]
            return ops.switch(kernel[number], branches, image, parameters[number])

        if kernel.shape[0] == 1:
            return step(0, image)
        return ops.fori_loop(0, kernel.shape[0], step, image)

    count = ops.shape(images)[0]
    boxes = () if boxes is None else (boxes,)
    return map_images(change, images, ops.arange(count), kernel, parameters, *boxes)


def parameters_of(steps, operations, height, width):
    """Returns the parameters of the kernels of all steps, `(batch, steps, parameters)`."""
    magnitude = ops.cast(steps.magnitude, widest_float())
    chance = ops.cast(steps.chance, widest_float())
    found = [
        operation.parameters(magnitude, chance[..., : operation.num_chances], height, width)
        for operation in map(get_operation, operations)
    ]
    return _selected(found, steps.operation, (0 * magnitude,) * max(1, *map(len, found)))


def matrices_of(steps, operations, height, width):
    """Returns where each step takes each place from, `(batch, steps, 8)`; see `Operation`."""
    magnitude = ops.cast(steps.magnitude, widest_float())
    chance = ops.cast(steps.chance, widest_float())
    still = tuple(magnitude * 0 + number for number in (1, 0, 0, 0, 1, 0, 0, 0))
    found = []
    for operation in map(get_operation, operations):
        numbers = still
        if operation.is_geometric:
            chances = chance[..., : operation.num_chances]
            numbers = operation.parameters(magnitude, chances, height, width)
            numbers = numbers + still[len(numbers) :]
        found.append(numbers)
    return _selected(found, steps.operation, still)


def _selected(found, operation, otherwise):
    """Picks, for each step, the numbers of its operation, and others where it has none."""
    selected = list(otherwise)
    for place, numbers in enumerate(found):
        for i, number in enumerate(numbers):
            selected[i] = ops.where(operation == place, number, selected[i])
    return ops.stack(selected, axis=-1)


def _kernels(operations):
    """Returns kernels and their parameters' dtypes, none twice, and the place of each operation."""
    found = map(get_operation, operations)
    wanted = [(o.kernel, widest_float() if o.is_geometric else "float32") for o in found]
    wanted.append((identity, "float32"))
    kernels = list(dict.fromkeys(wanted))
    return kernels, [kernels.index(kernel) for kernel in wanted]


def _to_bytes_scale(images, fill_value, value_range):
    """Returns images and fill value on the scale of [0, 255], and the way back."""
    low, high = value_range
    scale = 255 / (high - low)
    fill_value = (fill_value - low) * scale
    if keras.backend.standardize_dtype(images.dtype) == "uint8":
        return images, fill_value, lambda result: result
    dtype = images.dtype
    clipped = ops.clip(ops.cast(images, "float32"), low, high)

    scaled = (clipped - low) * scale

    def restore(result):  # what was not changed comes back to the last bit
        return ops.cast(ops.where(result == scaled, clipped, result / scale + low), dtype)

    return scaled, fill_value, restore
