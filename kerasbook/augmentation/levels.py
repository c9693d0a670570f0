"""From levels to magnitudes: how much of an operation a level stands for."""

import numpy as np
from keras import ops

from kerasbook.augmentation.operations import get_operation
from kerasbook.layers.arguments import number_of


def magnitude_of(which, strength, coin, operations, ranges=None):
    """Returns magnitudes in the operations' units.

    Args:
        which: Places among `operations`, integer tensor; their number stands for none.
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
        ops.take(ops.convert_to_tensor(np.array([*column, 0], dtype)), which)
        for column, dtype in zip(
            (low, reach, is_signed, is_whole), ("float32", "float32", "bool", "bool"), strict=True
        )
    )
    reach = ops.where(ops.logical_and(is_signed, coin < 0.5), -reach, reach)
    magnitude = low + reach * strength
    return ops.where(is_whole, ops.floor(magnitude + 0.5), magnitude)


def rate_of(which, rate, strength, operations):
    """Returns the probability of a step, which for operations without a level falls with strength.

    Args:
        which: Places among `operations`, integer tensor; their number stands for none.
        rate: Probability at full strength, a number or a tensor that broadcasts with `which`.
        strength: Number or scalar in [0, 1].
        operations: Names of operations.

    Returns:
        Float32 tensor of the shape of `which`.
    """
    has_level = [get_operation(name).has_level for name in operations]
    leveled = ops.take(ops.convert_to_tensor(np.array([*has_level, True], "float32")), which)
    return rate * (leveled + (1 - leveled) * strength)


def operations_of(names):
    """Returns names of operations as a tuple; raises a `ValueError` for one that is unknown."""
    if not isinstance(names, (list, tuple)) or not names or len(set(map(str, names))) != len(names):
        raise ValueError(
            f"`operations` must be different names, one at least. Received: operations={names!r}"
        )
    return tuple(get_operation(name).name for name in names)


def ranges_of(ranges):
    """Returns a dictionary from operations to `[low, high]`, or `None`, after a look at it."""
    if ranges is None:
        return None
    if not isinstance(ranges, dict):
        raise ValueError(
            f"`ranges` must be a dictionary of operations' (low, high). Received: ranges={ranges!r}"
        )
    for name, pair in ranges.items():
        if not get_operation(name).has_level:
            raise ValueError(f"`ranges` must name operations with a level. Received: {name!r}")
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise ValueError(f"`ranges` must hold (low, high). Received: {name!r}: {pair!r}")
        for number in pair:
            number_of(f"ranges[{name!r}]", number, "two finite numbers", lambda v: True)
    return {name: list(pair) for name, pair in ranges.items()}
