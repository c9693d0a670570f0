"""TensorFlow's kernel of `local_conv`: its gradient written out, and memory kept small.

TensorFlow runs what it can at once, and keeps what the gradient will ask for. Here the taps wait
for each other, a few at a time, and the gradient makes their views of the inputs again.
"""

import itertools

import tensorflow as tf


def local_conv(x, kernel, grid):
    """Cross-correlates every place with its own kernel.

    Args:
        x: Inputs `(*sizes, channels, batch)`.
        kernel: Tensor `(*taps, *places, channels, filters)`.
        grid: A `kerasbook.ops.local_convolution.Grid`.

    Returns:
        Tensor `(*places, filters, batch)`.
    """

    @tf.custom_gradient
    def correlate(x, kernel):
        padded = tf.pad(x, [*grid.margins, (0, 0), (0, 0)])
        outputs = None
        for taps in _groups(grid):
            with _after(outputs):
                views = _views(tf.identity(padded), grid, taps)
                parts = [
                    tf.matmul(kernel[tap], view, transpose_a=True)
                    for tap, view in zip(taps, views, strict=True)
                ]
            outputs = _sum(parts, outputs)

        def gradient(upstream):
            of_taps = {}
            last = None
            for taps in _groups(grid):
                with _after(last):
                    views = _views(tf.identity(padded), grid, taps)
                for tap, view in zip(taps, views, strict=True):
                    last = of_taps[tap] = tf.matmul(view, upstream, transpose_b=True)
            of_kernel = tf.stack([of_taps[tap] for tap in grid.all_taps()])
            of_kernel = tf.reshape(of_kernel, kernel.shape)
            sums, last = {}, of_kernel
            for taps in _groups(grid):
                with _after(last):
                    g = tf.identity(upstream)
                    parts = {}
                    for tap in taps:
                        remainder, part = _spread(tf.matmul(kernel[tap], g), grid, tap)
                        parts.setdefault(remainder, []).append(part)
                for remainder, values in parts.items():
                    last = sums[remainder] = _sum(values, sums.get(remainder))
            return _crop(_interleave(sums, grid), grid), of_kernel

        return outputs, gradient

    return correlate(tf.convert_to_tensor(x), tf.convert_to_tensor(kernel))


def _groups(grid):
    """Yields lists of taps that differ along the first axis of space only."""
    for rest in itertools.product(*map(range, grid.taps[1:])):
        yield [(first, *rest) for first in range(grid.taps[0])]


def _after(tensor):
    return tf.control_dependencies([] if tensor is None else [tensor])


def _views(padded, grid, taps):
    """Returns what each tap of a group sees; slices of the first axis alone cost no copy."""
    padded = padded[:, *grid.view(taps[0])[1:]]
    return [padded[grid.view(tap)[0]] for tap in taps]


def _sum(parts, total):
    return tf.add_n(parts if total is None else [*parts, total])


def _spread(part, grid, tap):
    """Returns the remainder of a tap, and its part of the gradient at its place.

    With stride `s`, tap `u = s q + r` of place `i` lies on row `s (i + q) + r` of the padded
    inputs: for each remainder `r` a sum without strides.
    """
    sides, remainder = [], []
    for start, steps, stride in zip(grid.starts(tap), _steps(grid), grid.strides, strict=True):
        sides.append((start // stride, steps - start // stride))
        remainder.append(start % stride)
    return tuple(remainder), tf.pad(part, [*sides, (0, 0), (0, 0)])


def _steps(grid):
    """Returns the greatest `q` of a tap along each axis."""
    last = grid.starts([taps - 1 for taps in grid.taps])
    return [start // stride for start, stride in zip(last, grid.strides, strict=True)]


def _interleave(sums, grid):
    """Puts the rows of the remainders in turn."""
    if max(grid.strides) == 1:
        return sums[(0,) * len(grid.strides)]
    zeros = tf.zeros_like(next(iter(sums.values())))
    every = itertools.product(*map(range, grid.strides))
    stacked = tf.stack([sums.get(remainder, zeros) for remainder in every])
    rank, shape = len(grid.strides), tf.shape(zeros)
    stacked = tf.reshape(stacked, [*grid.strides, *tf.unstack(shape)])
    order = [axis for i in range(rank) for axis in (rank + i, i)]
    stacked = tf.transpose(stacked, [*order, 2 * rank, 2 * rank + 1])
    merged = shape[:rank] * grid.strides
    return tf.reshape(stacked, tf.concat([merged, shape[rank:]], 0))


def _crop(x, grid):
    """Cuts the margins off, and adds zeros where no place sees the last rows."""
    lacking = [
        (0, max(before + size - (place + steps) * stride, 0))
        for (before, _), size, place, steps, stride in zip(
            grid.margins, grid.sizes, grid.places, _steps(grid), grid.strides, strict=True
        )
    ]
    x = tf.pad(x, [*lacking, (0, 0), (0, 0)])
    spans = zip(grid.margins, grid.sizes, strict=True)
    return x[tuple(slice(before, before + size) for (before, _), size in spans)]
