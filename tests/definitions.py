"""Plain NumPy definitions that several tests compare with, written from the formulas."""

import numpy as np


def convolve(x, kernel, strides=(1, 1), padding="valid", dilation_rate=(1, 1)):
    """Cross-correlates `(batch, h, w, channels)` with `(kh, kw, channels // groups, filters)`."""
    taps_h, taps_w, group_channels, filters = kernel.shape
    groups = x.shape[-1] // group_channels
    extents = [(k - 1) * r + 1 for k, r in zip(kernel.shape[:2], dilation_rate, strict=True)]
    margins = []
    for size, extent, stride in zip(x.shape[1:3], extents, strides, strict=True):
        if padding == "same":
            total = max((-(-size // stride) - 1) * stride + extent - size, 0)
            margins.append((total // 2, total - total // 2))
        else:
            margins.append({"valid": (0, 0), "full": (extent - 1, extent - 1)}[padding])
    x = np.pad(x, [(0, 0), *margins, (0, 0)])
    rows, columns = (
        (size - extent) // stride + 1
        for size, extent, stride in zip(x.shape[1:3], extents, strides, strict=True)
    )
    y = np.zeros((len(x), rows, columns, filters))
    for n in range(len(x)):
        for i in range(rows):
            for j in range(columns):
                for d in range(filters):
                    first = d // (filters // groups) * group_channels
                    for u in range(taps_h):
                        for v in range(taps_w):
                            pixel = x[
                                n,
                                i * strides[0] + u * dilation_rate[0],
                                j * strides[1] + v * dilation_rate[1],
                                first : first + group_channels,
                            ]
                            y[n, i, j, d] += pixel @ kernel[u, v, :, d]
    return y


def normalize(x, axes, epsilon):
    """Subtracts the mean and divides by the standard deviation over `axes`, in float64."""
    x = x.astype("float64")
    mean = x.mean(axes, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + epsilon)


def windows(x, pool_size, strides, padding, fill):
    """Returns the windows of `(batch, h, w, channels)`: `(batch, rows, columns, channels, taps)`.

    What "same" padding adds is `fill`.
    """
    margins, lengths = [], []
    for size, extent, stride in zip(x.shape[1:3], pool_size, strides, strict=True):
        total = max((-(-size // stride) - 1) * stride + extent - size, 0)
        margins.append((total // 2, total - total // 2) if padding == "same" else (0, 0))
        lengths.append((size + sum(margins[-1]) - extent) // stride + 1)
    x = np.pad(x, [(0, 0), *margins, (0, 0)], constant_values=fill)
    y = np.zeros((len(x), *lengths, x.shape[-1], pool_size[0] * pool_size[1]), x.dtype)
    for i in range(lengths[0]):
        for j in range(lengths[1]):
            top, left = i * strides[0], j * strides[1]
            window = x[:, top : top + pool_size[0], left : left + pool_size[1]]
            y[:, i, j] = window.transpose(0, 3, 1, 2).reshape(len(x), x.shape[-1], -1)
    return y
