"""Checks of constructor arguments that several layers share."""

import math

import keras

from kerasbook.arguments import one_of as one_of
from kerasbook.arguments import positive_integer as positive_integer
from kerasbook.arguments import positive_integers as positive_integers


def static_channels(input_shape, axis):
    """Returns the size of the channel axis, or raises a `ValueError` if it is not known."""
    rank = len(input_shape)
    if not isinstance(axis, int) or not -rank <= axis < rank or axis % rank == 0:
        raise ValueError(
            f"`axis` must be an axis of the inputs, not the batch's. Received: axis={axis!r}, "
            f"input_shape={tuple(input_shape)}"
        )
    channels = input_shape[axis]
    if channels is None:
        raise ValueError(
            f"The channel axis {axis} of the inputs must have a static size. "
            f"Received: input_shape={tuple(input_shape)}"
        )
    return channels


def data_format_of(value):
    """Returns `value`, or Keras' setting for `None`; raises a `ValueError` for no data format."""
    data_format = keras.config.image_data_format() if value is None else str(value).lower()
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            "`data_format` must be 'channels_last' or 'channels_first'. "
            f"Received: data_format={value!r}"
        )
    return data_format


def divisible(name, groups, channels):
    """Raises a `ValueError` unless `groups` divides `channels`."""
    if channels % groups:
        raise ValueError(
            f"`{name}` must divide the number of input channels. "
            f"Received: {name}={groups}, channels={channels}"
        )


def number_of(name, value, rule, holds):
    """Returns `value` if it is a finite number for which `holds`, else raises a `ValueError`.

    Args:
        name: Name of the argument.
        value: Its value.
        rule: What it must be, for the message: "must be" stands before.
        holds: Function of the number.
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not holds(value):
        raise ValueError(f"`{name}` must be {rule}. Received: {name}={value!r}")
    return value


def rate_below_one(name, value):
    """Returns `value` if it is a probability below 1, else raises a `ValueError` naming it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ValueError(f"`{name}` must be in [0, 1). Received: {name}={value!r}")
    return value


def integer_seed(value):
    """Returns `value` if it is an integer or `None`, else raises a `ValueError`."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError(f"`seed` must be an integer or None. Received: seed={value!r}")
    return value


def boolean(name, value):
    """Returns `value` if it is true or false, else raises a `ValueError` naming it."""
    if not isinstance(value, bool):
        raise ValueError(f"`{name}` must be True or False. Received: {name}={value!r}")
    return value
