"""Checks of arguments that every room shares."""

import keras


def require_floats(name, tensor):
    """Raises a `ValueError` unless a tensor, called `name`, holds floats."""
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    if not keras.backend.is_float_dtype(dtype):
        raise ValueError(f"`{name}` must hold floats. Received: {name} of dtype {dtype}")


def positive_integer(name, value):
    """Returns `value` if it is an integer above 0, else raises a `ValueError` naming it."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    return value


def natural_number(name, value):
    """Returns `value` if it is an integer of at least 0, else raises a `ValueError` naming it."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"`{name}` must be an integer of at least 0. Received: {name}={value!r}")
    return value


def positive_integers(name, value, count=None):
    """Returns `value`, an integer or `count` of them, as a tuple of `count` integers above 0.

    Without a `count` there may be any number of them; an integer is a tuple of one.
    """
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * (count or 1)
    if count not in (None, len(values)) or any(
        isinstance(v, bool) or not isinstance(v, int) or v < 1 for v in values
    ):
        number = "a list" if count is None else count
        raise ValueError(
            f"`{name}` must be a positive integer or {number} of them. Received: {name}={value!r}"
        )
    return values


def one_of(name, value, choices):
    """Returns `value` in lower case if it is one of `choices`, else raises a `ValueError`."""
    choice = value.lower() if isinstance(value, str) else value
    if choice not in choices:
        raise ValueError(f"`{name}` must be one of {choices}. Received: {name}={value!r}")
    return choice
