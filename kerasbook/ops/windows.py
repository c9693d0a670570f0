"""Windows that slide over an image, taken apart into their taps.

Tap `(u, v)` holds, for every window, the pixel `u` rows below and `v` columns right of its corner.
Strided slices are slow on TensorFlow, so the image is split once into its phases, the pixels of
one remainder modulo the strides; of these every tap is an ordinary slice.
"""

from keras import ops

from kerasbook.ops.convolution import conv_output_length


def window_taps(inputs, window_size, strides, padding, fill):
    """Takes windows apart into their taps.

    Args:
        inputs: Tensor `(batch, height, width, channels)`.
        window_size: Taps of a window downwards and to the right.
        strides: Pixels between neighbouring windows, downwards and to the right.
        padding: `"valid"` or `"same"`.
        fill: Value of what is padded.

    Returns:
        List of `window_size[0] * window_size[1]` tensors `(batch, rows, columns, channels)`, row by
        row of the window.
    """
    batch, height, width, channels = ops.shape(inputs)
    lengths, counts, sides, ends = [], [], [], []
    for size, extent, stride in zip((height, width), window_size, strides, strict=True):
        length = conv_output_length(size, extent, stride, padding)
        count = length - 1 + -(-extent // stride)  # of pixels in one phase
        before = same_margins(size, extent, stride)[0] if padding == "same" else 0
        end = _minimum(size, count * stride - before)  # what lies beyond is in no window
        lengths.append(length)
        counts.append(count)
        ends.append(end)
        sides.append((before, count * stride - before - end))
    x = inputs[:, : ends[0], : ends[1]]
    if any(not isinstance(side, int) or side for pair in sides for side in pair):
        x = ops.pad(x, [(0, 0), *sides, (0, 0)], constant_values=fill)
    row_stride, column_stride = strides
    row_phases = ops.unstack(
        ops.reshape(x, (batch, counts[0], row_stride, counts[1] * column_stride * channels)),
        row_stride,
        axis=2,
    )
    phases = []
    for phase in row_phases:
        split = ops.reshape(phase, (batch, counts[0], counts[1], column_stride, channels))
        phases.append(ops.unstack(split, column_stride, axis=3))
    taps = []
    for u in range(window_size[0]):
        for v in range(window_size[1]):
            top, left = u // row_stride, v // column_stride
            phase = phases[u % row_stride][v % column_stride]  # (batch, *counts, channels)
            taps.append(phase[:, top : top + lengths[0], left : left + lengths[1]])
    return taps


def same_margins(size, extent, stride):
    """Returns what "same" padding adds before and after an axis, integers or tensors."""
    total = (-(-size // stride) - 1) * stride + extent - size
    total = max(total, 0) if isinstance(total, int) else ops.maximum(total, 0)
    return total // 2, total - total // 2


def _minimum(one, other):
    if isinstance(one, int) and isinstance(other, int):
        return min(one, other)
    return ops.minimum(one, other)
