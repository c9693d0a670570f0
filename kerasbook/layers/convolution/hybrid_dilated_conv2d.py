"""A stack of dilated convolutions whose rates leave no pixel out."""

import math

import keras
import numpy as np

from kerasbook.layers.arguments import positive_integer, positive_integers
from kerasbook.layers.composite import Composite
from kerasbook.layers.structure import Chain


@keras.saving.register_keras_serializable(package="kerasbook")
class HybridDilatedConv2D(Composite):
    """Convolves with a stack of dilation rates chosen against the gridding effect.

    Rates with a common divisor see a grid of pixels only. Two rules are checked along each axis
    with more than one tap: the rates have no common divisor above 1, and `M_2 <= kernel size`
    with `M_n = r_n` and `M_i = max(M_{i+1} - 2 r_i, 2 r_i - M_{i+1}, r_i)`, the greatest distance
    between two taps. Where the rates fall, as in (1, 2, 5, 1, 2, 5), a new cycle begins, and
    each cycle keeps the second rule; a cycle of one rate has `M = r_1`. Normalization and
    activation follow each convolution, and the padding keeps the size.

    Attributes:
        receptive_field: Height and width in pixels of what one output sees.
        sees_every_pixel: Whether it sees every pixel within; the rules do not promise it at the
            margin, as rates (2, 3, 5) show.

    Args:
        filters: Number of output channels of each convolution.
        kernel_size: Height and width of the kernels, or one integer for both.
        dilation_rates: List of the rates, first to last.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics. Defaults to `False`.

    Returns:
        Tensor `(batch, height, width, filters)`, or with the channels first.

    Raises:
        ValueError: If the rates break one of the two rules.

    Example:
        >>> layer = kerasbook.layers.HybridDilatedConv2D(8, 3, dilation_rates=[1, 2, 5])
        >>> layer.receptive_field, layer.sees_every_pixel
        ((17, 17), True)

    Reference:
        Wang et al., 2018, section 3.2, https://arxiv.org/abs/1702.08502
    """

    def __init__(self, filters, kernel_size, *, dilation_rates=(1, 2, 5), **kwargs):
        super().__init__(**kwargs)
        self.filters = positive_integer("filters", filters)
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        if not isinstance(dilation_rates, (list, tuple)) or not dilation_rates:
            raise ValueError(
                "`dilation_rates` must be a list of positive integers. "
                f"Received: dilation_rates={dilation_rates!r}"
            )
        self.dilation_rates = positive_integers(
            "dilation_rates", dilation_rates, len(dilation_rates)
        )
        for size in self.kernel_size:
            if size > 1:
                _check_rates(self.dilation_rates, size)
        self.body = Chain(
            [self.unit(filters, self.kernel_size, dilation_rate=r) for r in self.dilation_rates],
            dtype=self.dtype_policy,
        )

    @property
    def receptive_field(self):
        return tuple(len(_paths(self.dilation_rates, size)) for size in self.kernel_size)

    @property
    def sees_every_pixel(self):
        return all(_paths(self.dilation_rates, size).all() for size in self.kernel_size)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": list(self.kernel_size),
            "dilation_rates": list(self.dilation_rates),
        }


def _check_rates(rates, kernel_size):
    """Raises a `ValueError` if dilation rates break one of the two rules along an axis."""
    divisor = math.gcd(*rates)
    if divisor > 1:
        raise ValueError(
            "`dilation_rates` must have no common divisor above 1. "
            f"Received: dilation_rates={rates}, all multiples of {divisor}"
        )
    cycle = []
    for rate, following in zip(rates, (*rates[1:], 0), strict=True):
        cycle.append(rate)
        if following < rate:
            distance = _greatest_distance(cycle)
            if distance > kernel_size:
                raise ValueError(
                    "`dilation_rates` must keep M_2 <= kernel size in each cycle. Received: "
                    f"dilation_rates={rates}, of which {tuple(cycle)} has M_2={distance}, "
                    f"kernel size {kernel_size}"
                )
            cycle = []


def _greatest_distance(rates):
    """Returns M_2 of a cycle of rates, or M_1 of a single one."""
    distance = rates[-1]
    for rate in rates[-2:0:-1]:
        distance = max(distance - 2 * rate, 2 * rate - distance, rate)
    return distance


def _paths(rates, kernel_size):
    """Returns for each pixel of the receptive field, along one axis, whether a path leads there."""
    seen = np.ones(1, bool)
    for rate in rates:
        taps = np.zeros((kernel_size - 1) * rate + 1, bool)
        taps[::rate] = True
        seen = np.convolve(seen.astype(int), taps) > 0
    return seen
