"""From levels to magnitudes: how much of an operation a level stands for."""

from keras import ops

from kerasbook.augmentation.operations import get_operation


def magnitude_of(which, strength, coin, operations, ranges=None):
    """Returns magnitudes in the operations' units.

    Args:
        which: Places among `operations`, integer tensor.
        strength: The level as a fraction of the greatest, in [0, 1]; a number or a tensor that
            broadcasts with `which`.
        coin: Uniform numbers in [0, 1), of the shape of `which`: below 1/2 a signed operation
            goes to the other side.
        operations: Names of operations.
        ranges: Dictionary from names to `(low, high)` that differ from the operations' own.

    Returns:
        Float32 tensor of the shape of `which`.
    """
    low, reach, is_signed, is_whole = [], [], [], []
    for name in operations:
        operation = get_operation(name)
        first, last = (ranges or {}).get(name, (operation.low, operation.high))
        low.append(first if operation.has_level else 0.0)
        reach.append(last - first if operation.has_level else 0.0)
        is_signed.append(operation.signed)
        is_whole.append(operation.whole)
    low, reach, is_signed, is_whole = (
        ops.take(ops.convert_to_tensor(column, dtype), which)
        for column, dtype in zip(
            (low, reach, is_signed, is_whole), ("float32", "float32", "bool", "bool"), strict=True
        )
    )
    reach = ops.where(ops.logical_and(is_signed, coin < 0.5), -reach, reach)
    magnitude = low + reach * strength
    return ops.where(is_whole, ops.floor(magnitude + 0.5), magnitude)
