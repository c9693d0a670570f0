"""Stateless random numbers of the input pipeline: a function of (run seed, epoch, example).

Neither the batch an example falls into, nor parallelism, replicas or restarts change what is
drawn for it.
"""

import tensorflow as tf

# Increment and multipliers of well-mixing 32-bit generators; odd, so that nothing is lost.
_GOLDEN = 0x9E3779B9
_FIRST, _SECOND = 0x7FEB352D, 0x846CA68B


def uniform(seed, epoch, index, count, salt=0):
    """Draws `count` numbers for each example from the uniform distribution on [0, 1).

    Args:
        seed: Seed of the run, an integer.
        epoch: Number of the epoch, an integer.
        index: Numbers of the examples, integers `(batch,)`, or one, a scalar.
        count: How many numbers each example needs.
        salt: What tells apart those who draw with one seed, an integer.

    Returns:
        Float32 tensor `(batch, count)` of multiples of 2^-24.
    """
    state = _xor(_mix(_uint32(seed) + _uint32(_GOLDEN)), _mix(_uint32(salt)))
    state = _mix(_xor(state, _mix(_uint32(epoch) + _uint32(2 * _GOLDEN))))
    # Two rounds: the number of the example must reach every bit before the counter joins it.
    index = tf.reshape(_uint32(index), (-1, 1))
    index = _mix(_xor(_mix(index + _uint32(3 * _GOLDEN)), state))
    counter = _mix(_uint32(tf.range(1, count + 1)) * _uint32(_GOLDEN))[None]
    bits = _mix(_mix(_xor(index, counter)) + state)
    return tf.cast(_shift_right(bits, 8), tf.float32) * 2.0**-24


def _uint32(value):
    if isinstance(value, int):
        return tf.constant(value % 2**32, tf.uint32)
    return tf.cast(value, tf.uint32)


def _xor(x, y):
    return tf.bitwise.bitwise_xor(x, y)


def _shift_right(x, bits):
    return tf.bitwise.right_shift(x, _uint32(bits))


def _mix(x):
    """Maps 32 bits to 32 bits, one to one, so that each bit of `x` may flip every other."""
    x = _xor(x, _shift_right(x, 16)) * _uint32(_FIRST)
    x = _xor(x, _shift_right(x, 15)) * _uint32(_SECOND)
    return _xor(x, _shift_right(x, 16))
