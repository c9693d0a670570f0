"""The dense block: every layer sees what all layers before it made."""

import keras

from kerasbook.layers.arguments import (
    positive_integer,
    positive_integers,
    rate_below_one,
    static_channels,
)
from kerasbook.layers.composite import Block
from kerasbook.layers.regularization.dropout import Dropout
from kerasbook.layers.structure import Chain, Concatenation


@keras.saving.register_keras_serializable(package="kerasbook")
class DenseBlock(Block):
    """Concatenates to the inputs, time and again, new channels made of all there are.

    `x_l = [x_{l-1}, H_l(x_{l-1})]` for `l = 1..num_layers`, `H = norm, a, conv 1 x 1, norm, a, conv
    k x k, dropout` with `bottleneck_ratio * growth_rate` channels after the 1 x 1 and
    `growth_rate` after the `k x k`.

    Args:
        num_layers: Number of layers `H`.
        growth_rate: Number of channels that each adds.
        kernel_size: Height and width of the `k x k` kernels, or one integer for both.
        bottleneck_ratio: Channels after the 1 x 1 for one of the growth rate; `None` leaves the
            1 x 1 out, with its normalization.
        dropout_rate: Probability of zeroing a value of what is added, in `[0, 1)`.
        seed: Integer seed of the dropout; `None` draws a fresh one.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`. By default there are
            no biases, since a normalization follows wherever the outputs go.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics, and whether to drop.
            Defaults to `False`.

    Returns:
        Tensor `(batch, height, width, channels + num_layers * growth_rate)`, or with the channels
        first.

    Raises:
        ValueError: If an argument is out of range, or the number of channels is unknown.

    Example:
        >>> block = kerasbook.layers.DenseBlock(6, 32)
        >>> block.compute_output_shape((None, 56, 56, 64))
        (None, 56, 56, 256)

    Reference:
        Huang et al., 2017, section 3, https://arxiv.org/abs/1608.06993
    """

    def __init__(
        self,
        num_layers,
        growth_rate,
        *,
        kernel_size=3,
        bottleneck_ratio=4,
        dropout_rate=0.0,
        seed=None,
        use_bias=False,
        **kwargs,
    ):
        super().__init__(use_bias=use_bias, **kwargs)
        self.num_layers = positive_integer("num_layers", num_layers)
        self.growth_rate = positive_integer("growth_rate", growth_rate)
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        if bottleneck_ratio is not None:
            positive_integer("bottleneck_ratio", bottleneck_ratio)
        self.bottleneck_ratio = bottleneck_ratio
        self.dropout_rate = rate_below_one("dropout_rate", dropout_rate)
        self.seed = seed
        self.body = Chain(
            [
                Concatenation(
                    [Chain([], dtype=self.dtype_policy), self._layer(number)],
                    self.channel_axis,
                    dtype=self.dtype_policy,
                )
                for number in range(num_layers)
            ],
            dtype=self.dtype_policy,
        )

    def _layer(self, number):
        """Returns the layers that make `growth_rate` new channels."""
        layers = [self.unit(self.growth_rate, self.kernel_size, activation_first=True)]
        if self.bottleneck_ratio is not None:
            middle = self.bottleneck_ratio * self.growth_rate
            layers.insert(0, self.unit(middle, 1, activation_first=True))
        if self.dropout_rate:
            seed = None if self.seed is None else self.seed + number
            layers.append(Dropout(self.dropout_rate, seed=seed, dtype=self.dtype_policy))
        return Chain(layers, dtype=self.dtype_policy)

    def compute_output_shape(self, input_shape):
        channels = static_channels(input_shape, self.channel_axis)
        return self.same_shape(input_shape, channels + self.num_layers * self.growth_rate)

    def get_config(self):
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "growth_rate": self.growth_rate,
            "kernel_size": list(self.kernel_size),
            "bottleneck_ratio": self.bottleneck_ratio,
            "dropout_rate": self.dropout_rate,
            "seed": self.seed,
        }
