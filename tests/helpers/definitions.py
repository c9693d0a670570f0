"""Plain NumPy definitions that several tests compare with, written from the formulas."""

import numpy as np


def margins(size, extent, stride, padding):
    """Returns how many zeros stand before and after an axis, for a kernel of `extent`."""
    if padding == "same":
        total = max((-(-size // stride) - 1) * stride + extent - size, 0)
        return total // 2, total - total // 2
    return {"valid": (0, 0), "full": (extent - 1,) * 2, "causal": (extent - 1, 0)}[padding]


def windows(x, taps, strides=None, padding="valid", dilation_rate=None, fill=0):
    """Returns `(batch, *places, *taps, channels)`: what each place sees, for any rank of space.

    What padding adds is `fill`.
    """
    rank = len(taps)
    strides, rates = strides or (1,) * rank, dilation_rate or (1,) * rank
    extents = [(k - 1) * r + 1 for k, r in zip(taps, rates, strict=True)]
    sides = list(map(margins, x.shape[1:-1], extents, strides, [padding] * rank))
    x = np.pad(x, [(0, 0), *sides, (0, 0)], constant_values=fill)
    places = [
        (size - e) // s + 1 for size, e, s in zip(x.shape[1:-1], extents, strides, strict=True)
    ]
    seen = np.zeros((len(x), *places, *taps, x.shape[-1]), x.dtype)
    for place in np.ndindex(*places):
        for tap in np.ndindex(*taps):
            at = tuple(p * s + t * r for p, s, t, r in zip(place, strides, tap, rates, strict=True))
            seen[(slice(None), *place, *tap)] = x[(slice(None), *at)]
    return seen


def convolve(x, kernel, strides=None, padding="valid", dilation_rate=None):
    """Cross-correlates `(batch, ..., channels)` with `(..., channels // groups, filters)`."""
    *taps, group_channels, filters = kernel.shape
    groups = x.shape[-1] // group_channels
    seen = windows(x, tuple(taps), strides, padding, dilation_rate)
    y = np.zeros((*seen.shape[: len(taps) + 1], filters))
    for d in range(filters):
        first = d // (filters // groups) * group_channels
        part = seen[..., first : first + group_channels] * kernel[..., d]
        y[..., d] = part.sum(axis=tuple(range(-len(taps) - 1, 0)))
    return y


def normalize(x, axes, epsilon):
    """Subtracts the mean and divides by the standard deviation over `axes`, in float64."""
    x = x.astype("float64")
    mean = x.mean(axes, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + epsilon)


def pooling_windows(x, pool_size, strides, padding, fill):
    """Returns what pooling sees, `(batch, rows, columns, channels, taps)`; padding is `fill`."""
    seen = windows(x, tuple(pool_size), tuple(strides), padding, fill=fill)
    return np.moveaxis(seen.reshape(*seen.shape[:3], -1, x.shape[-1]), -2, -1)
