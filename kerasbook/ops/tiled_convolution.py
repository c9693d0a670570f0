"""Tiled convolution: several kernels, used in turn by the places of the output.

The output is made of rounds, each as large as the tile. One convolution makes all the places of
a round at once, as its filters: its kernel spans what the tile sees, and each kernel of the tile
is laid into it at its offset, zeros around it. Where those zeros would be most of the work, a
round is a locally connected layer, and the rounds are its batch.
"""

import itertools
import math

from keras import ops

from kerasbook.ops.convolution import conv, conv_output_length
from kerasbook.ops.local_convolution import local_conv

# Measured on two CPU cores, where a convolution for each kernel of the tile was always slower:
# up to so many times the multiply-adds, zeros cost less than slices of the inputs,
MOST_ZEROS = 3
# and beyond it slices cost less if there are at most so many for each kernel.
MOST_ROUNDS = 4


def tiled_conv(
    inputs,
    kernel,
    bias=None,
    *,
    strides=1,
    padding="valid",
    data_format="channels_last",
    dilation_rate=1,
):
    """Cross-correlates each place of the output with the kernel of its place modulo the tile.

    Args:
        inputs: Float tensor `(batch, ..., channels)` with one, two or three axes of space between,
            or `(batch, channels, ...)` with `data_format="channels_first"`.
        kernel: Float tensor `(*taps, *tile, channels, filters)`; place `i` of an axis takes kernel
            `i mod tile`.
        bias: Float tensor `(*tile, filters)`, or `None`.
        strides: An integer, or one for each axis.
        padding: `"valid"`, `"same"` or `"full"`, as in `kerasbook.ops.conv`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: An integer, or one for each axis.

    Returns:
        Tensor with the dtype of `inputs` and `filters` channels, sizes as
        `kerasbook.ops.conv_output_length` says.
    """
    rank = len(kernel.shape) // 2 - 1
    taps, tile = tuple(kernel.shape[:rank]), tuple(kernel.shape[rank : 2 * rank])
    strides = (strides,) * rank if isinstance(strides, int) else tuple(strides)
    rates = (dilation_rate,) * rank if isinstance(dilation_rate, int) else tuple(dilation_rate)
    x = ops.moveaxis(inputs, 1, -1) if data_format == "channels_first" else inputs
    shape = ops.shape(x)
    axes = list(zip(shape[1:-1], taps, strides, [padding] * rank, rates, strict=True))
    places = [conv_output_length(*axis) for axis in axes]
    rounds = [-(-place // number) for place, number in zip(places, tile, strict=True)]
    x = _pad(x, [(0, 0), *map(_margins, axes, rounds, tile), (0, 0)])
    spans = [
        (size - 1) * rate + 1 + (number - 1) * stride
        for size, rate, number, stride in zip(taps, rates, tile, strides, strict=True)
    ]
    of_tile = _path(taps, tile, rounds, spans)
    y = of_tile(x, kernel, rounds, spans, strides, rates)  # (batch, *rounds, *tile, filters)
    if bias is not None:
        y = y + bias
    order = [axis for i in range(rank) for axis in (1 + i, 1 + rank + i)]
    y = ops.transpose(y, (0, *order, 2 * rank + 1))
    whole = [number * each for number, each in zip(rounds, tile, strict=True)]
    y = ops.reshape(y, (shape[0], *whole, y.shape[-1]))
    y = y[(slice(None), *map(slice, places))]
    return ops.moveaxis(y, -1, 1) if data_format == "channels_first" else y


def _path(taps, tile, rounds, spans):
    """Chooses how to go about a tile; of open sizes the rounds cannot be counted."""
    if math.prod(spans) <= MOST_ZEROS * math.prod(taps):
        return _at_once
    counted = all(isinstance(number, int) for number in rounds)
    if counted and math.prod(rounds) <= MOST_ROUNDS * math.prod(tile):
        return _by_rounds
    return _at_once


def _margins(axis, rounds, number):
    """Returns what is added before an axis, and after it so that the last round is whole."""
    size, taps, stride, padding, rate = axis
    extent = (taps - 1) * rate + 1
    before = 0
    if padding == "full":
        before = extent - 1
    elif padding == "same":
        total = (-(-size // stride) - 1) * stride + extent - size
        before = _at_least_zero(total) // 2
    after = (rounds * number - 1) * stride + extent - size - before
    return before, _at_least_zero(after)


def _at_least_zero(number):
    return max(number, 0) if isinstance(number, int) else ops.maximum(number, 0)


def _pad(x, sides):
    if all(isinstance(side, int) and side == 0 for pair in sides for side in pair):
        return x
    return ops.pad(x, sides)


def _at_once(x, kernel, rounds, spans, strides, rates):
    """One convolution, whose filters are those of the whole tile."""
    rank = len(spans)
    taps, tile = kernel.shape[:rank], kernel.shape[rank : 2 * rank]
    parts = []
    for place in itertools.product(*map(range, tile)):
        part = _dilate(kernel[(slice(None),) * rank + place], rates)
        sides = [
            (at * stride, span - at * stride - (size - 1) * rate - 1)
            for at, stride, span, size, rate in zip(place, strides, spans, taps, rates, strict=True)
        ]
        parts.append(ops.pad(part, [*sides, (0, 0), (0, 0)]))
    steps = tuple(number * stride for number, stride in zip(tile, strides, strict=True))
    y = conv(x, ops.concatenate(parts, -1), strides=steps, data_format="channels_last")
    return ops.reshape(y, (ops.shape(x)[0], *rounds, *tile, kernel.shape[-1]))


def _by_rounds(x, kernel, rounds, spans, strides, rates):
    """One locally connected layer, whose batch are the rounds of all samples."""
    rank = len(spans)
    tile = kernel.shape[rank : 2 * rank]
    steps = [number * stride for number, stride in zip(tile, strides, strict=True)]
    views = []
    for place in itertools.product(*map(range, rounds)):
        starts = [at * step for at, step in zip(place, steps, strict=True)]
        view = [slice(start, start + span) for start, span in zip(starts, spans, strict=True)]
        views.append(x[(slice(None), *view)])
    x = ops.concatenate(views, 0)  # (rounds * batch, *spans, channels)
    y = local_conv(x, kernel, strides=strides, dilation_rate=rates)
    y = ops.reshape(y, (*rounds, -1, *tile, kernel.shape[-1]))
    return ops.moveaxis(y, rank, 0)


def _dilate(kernel, rates):
    """Puts zeros between the taps of a kernel `(*taps, channels, filters)`."""
    for axis, rate in enumerate(rates):
        size = kernel.shape[axis]
        if rate > 1 and size > 1:
            shape = list(kernel.shape)
            kernel = ops.expand_dims(kernel, axis + 1)
            sides = [(0, 0)] * len(kernel.shape)
            sides[axis + 1] = (0, rate - 1)
            shape[axis] = size * rate
            kernel = ops.reshape(ops.pad(kernel, sides), shape)
            view = (slice(None),) * axis + (slice((size - 1) * rate + 1),)
            kernel = kernel[view]
    return kernel
