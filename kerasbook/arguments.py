"""Checks of arguments that every room shares."""


def positive_integer(name, value):
    """Returns `value` if it is an integer above 0, else raises a `ValueError` naming it."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    return value
