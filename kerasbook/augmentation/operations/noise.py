"""Operations that add noise, and the random numbers of pixels that they take.

All randomness of an operation is drawn outside. What is drawn here is two numbers for each
image, and they seed a generator that is a function of the pixel's number: a hash of 32 bits,
in operations that every backend has.
"""

import math

from keras import ops

from kerasbook.augmentation.operations.values import image_size, is_whole, stored

# Increment and multipliers of a well-mixing hash, as signed integers of 32 bits.
_GOLDEN = 0x9E3779B9 - 2**32
_FIRST, _SECOND = 0x7FEB352D, 0x846CA68B - 2**32

NUM_SEEDS = 2


def seeds(magnitude, chance, height, width):
    """The parameters of an operation that wants the magnitude and two seeds."""
    return magnitude, chance[..., 0] + 0 * magnitude, chance[..., 1] + 0 * magnitude


def uniform(count, seeds, stream=0):
    """Draws numbers from the uniform distribution on [0, 1).

    Args:
        count: How many.
        seeds: Two numbers in [0, 1), multiples of 2^-24.
        stream: Number of the sequence: each is independent of the others.

    Returns:
        Float32 tensor `(count,)` of multiples of 2^-24.
    """
    first, second = (ops.cast(seeds[i] * 2**24, "int32") for i in range(2))
    start = _mixed(_mixed(first + _GOLDEN) ^ (second + (stream * 7919 + 1)))
    # Sequences that overlap in their first round are told apart by the second.
    other = _mixed(_mixed(second + _FIRST) ^ (first + (stream * 7919 + 1)))
    counter = ops.arange(count, dtype="int32")
    bits = _mixed(_mixed(counter + start) ^ other)
    return ops.cast(_shifted_right(bits, 8), "float32") * 2.0**-24


def normal(count, seeds, stream=0):
    """Draws numbers from the standard normal distribution, as its quantiles.

    XLA on a CPU computes these about eight times as fast as the cosines of Box and Muller.
    """
    numbers = 2 * uniform(count, seeds, stream) - (1 - 2.0**-24)  # neither -1 nor 1
    return math.sqrt(2) * ops.erfinv(numbers)


def gaussian_noise(image, parameters, scene):
    """Each value plus a normal number, its deviation a fraction of the value range."""
    noise = normal(ops.size(image), parameters[1:]) * (255 * parameters[0])
    values = ops.reshape(ops.cast(image, "float32"), (-1,)) + noise
    return stored(ops.floor(values + 0.5) if is_whole(image) else values, image)


def salt_and_pepper(image, parameters, scene):
    """A fraction of the pixels turned white or black, each as likely."""
    height, width, _ = image_size(image)
    coin = ops.reshape(uniform(height * width, parameters[1:]), (height, width, 1))
    half = parameters[0] / 2
    white, black = ops.cast(255, image.dtype), ops.cast(0, image.dtype)
    return ops.where(coin < half, black, ops.where(coin >= 1 - half, white, image))


def noise_like(image, seeds):
    """Returns an image of the same shape and dtype whose values are all equally likely."""
    values = 256 * uniform(ops.size(image), seeds)
    return stored(values if is_whole(image) else values * (255 / 256), image)


def _mixed(x):
    """Maps 32 bits to 32 bits, one to one, so that each bit of `x` may flip every other."""
    x = (x ^ _shifted_right(x, 16)) * _FIRST
    x = (x ^ _shifted_right(x, 15)) * _SECOND
    return x ^ _shifted_right(x, 16)


def _shifted_right(x, places):
    """Returns signed integers shifted right, zeros coming in."""
    return ops.bitwise_and(ops.right_shift(x, places), 2 ** (32 - places) - 1)
