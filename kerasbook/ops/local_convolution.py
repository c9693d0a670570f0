"""Convolution without shared weights: every place of the output has its own kernel.

For each tap the work is one product of matrices for each place, `(filters, channels)` times
`(channels, batch)`. So space comes first and the batch last, and what a tap sees is copied in
long runs. Nothing is as large as what all places see together, several times the inputs.
"""

import itertools

import keras
from keras import ops

from kerasbook.arguments import require_floats


def local_conv(
    inputs, kernel, *, strides, padding="valid", data_format="channels_last", dilation_rate=None
):
    """Cross-correlates every place of the inputs with the kernel of that place.

    Args:
        inputs: Float tensor `(batch, ..., channels)` with one, two or three axes of space of static
            sizes between, or `(batch, channels, ...)` with `data_format="channels_first"`.
        kernel: Float tensor `(*taps, *places, channels, filters)`, whose places are those that
            `conv_output_length` gives.
        strides: One integer for each axis of space.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: One integer for each axis of space; `None` is 1 for each.

    Returns:
        Tensor `(batch, *places, filters)`, or with the channels second, with the dtype of `inputs`.
    """
    require_floats("inputs", inputs)
    rank = len(strides)
    first = 1 if data_format == "channels_last" else 2
    order = (*range(first, first + rank), rank + 1 if first == 1 else 1, 0)
    sizes = inputs.shape[first : first + rank]
    places, taps = kernel.shape[rank : 2 * rank], kernel.shape[:rank]
    grid = Grid(sizes, places, taps, strides, dilation_rate or (1,) * rank, padding)
    x = ops.transpose(inputs, order)  # (*sizes, channels, batch)
    if keras.backend.backend() == "tensorflow":
        from kerasbook.ops import local_convolution_tensorflow

        outputs = local_convolution_tensorflow.local_conv(x, kernel, grid)
    else:
        x = ops.pad(x, [*grid.margins, (0, 0), (0, 0)])
        outputs = 0
        for tap in grid.all_taps():
            outputs += ops.matmul(ops.swapaxes(kernel[tap], -1, -2), x[grid.view(tap)])
    return ops.transpose(outputs, [order.index(axis) for axis in range(rank + 2)])


class Grid:
    """Where the taps of every place lie on the inputs.

    Args:
        sizes: Sizes of the inputs along the axes of space; all further arguments go with them.
        places: Numbers of outputs.
        taps: Numbers of taps.
        strides: Pixels between neighbouring outputs.
        rates: Pixels between neighbouring taps.
        padding: `"valid"` or `"same"`.

    Attributes:
        margins: Zeros before and after the inputs along each axis.
    """

    def __init__(self, sizes, places, taps, strides, rates, padding):
        self.sizes, self.places = tuple(sizes), tuple(places)
        self.taps, self.strides, self.rates = tuple(taps), tuple(strides), tuple(rates)
        self.margins = []
        for size, place, tap, stride, rate in zip(*self._axes(), strict=True):
            total = (place - 1) * stride + (tap - 1) * rate + 1 - size
            total = max(total, 0) if padding == "same" else 0
            self.margins.append((total // 2, total - total // 2))

    def _axes(self):
        return self.sizes, self.places, self.taps, self.strides, self.rates

    def all_taps(self):
        """Returns every tap as a tuple of integers."""
        return list(itertools.product(*map(range, self.taps)))

    def view(self, tap):
        """Returns the slices of the padded inputs that the tap of all places lies on."""
        return tuple(
            slice(start, start + (place - 1) * stride + 1, stride)
            for start, place, stride in zip(
                self.starts(tap), self.places, self.strides, strict=True
            )
        )

    def starts(self, tap):
        """Returns where the tap of the first place lies on the padded inputs."""
        return tuple(number * rate for number, rate in zip(tap, self.rates, strict=True))
