"""Checks of arguments that several augmentations share."""

import math

import keras
import numpy as np

from kerasbook.layers.arguments import number_of


def value_range_of(value):
    """Returns a range as a tuple of two numbers, the first below the second."""
    numbers = tuple(value) if isinstance(value, (list, tuple)) else ()
    real = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in numbers)
    finite = real and all(map(math.isfinite, numbers))
    if len(numbers) != 2 or not finite or not numbers[0] < numbers[1]:
        raise ValueError(
            f"`value_range` must be two rising numbers. Received: value_range={value!r}"
        )
    return numbers


def fill_value_of(value, value_range):
    """Returns `value` if it is `None` or in the range, else raises a `ValueError`."""
    if value is None:
        return None
    low, high = value_range
    rule = f"None or in [{low}, {high}], the value range"
    return number_of("fill_value", value, rule, lambda v: low <= v <= high)


def probability(name, value):
    """Returns `value` if it is in [0, 1], else raises a `ValueError` naming it."""
    return number_of(name, value, "in [0, 1]", lambda v: 0 <= v <= 1)


def level_of(value):
    """Returns `value` if it is in [0, 10], else raises a `ValueError`."""
    return number_of("level", value, "in [0, 10]", lambda v: 0 <= v <= 10)


def require_integers(name, value):
    """Raises a `ValueError` unless an integer, a list, an array or a tensor holds integers."""
    dtype = getattr(value, "dtype", None)
    dtype = np.asarray(value).dtype if dtype is None else keras.backend.standardize_dtype(dtype)
    if not str(dtype).startswith(("int", "uint")):
        raise ValueError(f"`{name}` must be an integer, or integers. Received: {name}={value!r}")
