"""The block of MobileNetV2, wide within and narrow without."""

import keras

from kerasbook.layers.arguments import positive_integer, positive_integers, static_channels
from kerasbook.layers.block.residual import Residual
from kerasbook.layers.structure import Chain, Sum


@keras.saving.register_keras_serializable(package="kerasbook")
class InvertedResidualBlock(Residual):
    """Widens the channels by 1 x 1, convolves each by itself, and narrows them without activation.

    `F = conv 1 x 1, norm, a, depthwise k x k, norm, a, conv 1 x 1, norm`, and `y = x + F(x)` where
    the shape stays, else `y = F(x)`. Without expansion (`expansion_ratio=1`) the first
    convolution is left out.

    Args:
        filters: Number of output channels.
        expansion_ratio: Channels within for one input channel, a number of at least 1; the
            product is rounded.
        kernel_size: Height and width of the depthwise kernel, or one integer for both.
        strides: Strides of the depthwise convolution, two integers or one.
        squeeze_excite: Gate before the last convolution: `None`, the reduction ratio of a
            `SqueezeExcite`, or a layer that keeps its inputs' shape, of which the block takes a
            copy. MobileNetV3 has `SqueezeExcite(4, gate_activation="hard_sigmoid")`; in
            EfficientNet the ratio is four times the expansion's, and the activation that of the
            block.
        drop_path_rate: Probability that `DropPath` drops the branch of a sample, in `[0, 1)`,
            where there is something to add it to.
        seed: Integer seed of the dropping; `None` draws a fresh one.
        zero_init_last: Whether the branch begins as zero, by the scale of its last
            normalization or, without one, by its last kernel.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`. The activation is
            `"relu6"` by default.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics, and whether to drop.
            Defaults to `False`.

    Returns:
        Tensor `(batch, ceil(height / stride), ceil(width / stride), filters)`, or with the
        channels first.

    Raises:
        ValueError: If an argument is out of range, or the number of channels is unknown.

    Example:
        >>> block = kerasbook.layers.InvertedResidualBlock(24, strides=2)
        >>> tuple(block(np.ones((2, 9, 11, 16), "float32")).shape)
        (2, 5, 6, 24)

    Reference:
        Sandler et al., 2018, section 3.3, https://arxiv.org/abs/1801.04381; with gates: Howard et
        al., 2019, section 5.3, https://arxiv.org/abs/1905.02244
    """

    def __init__(
        self,
        filters,
        *,
        expansion_ratio=6,
        kernel_size=3,
        strides=1,
        activation="relu6",
        **kwargs,
    ):
        super().__init__(activation=activation, **kwargs)
        self.filters = positive_integer("filters", filters)
        if (
            isinstance(expansion_ratio, bool)
            or not isinstance(expansion_ratio, (int, float))
            or not expansion_ratio >= 1
        ):
            raise ValueError(
                "`expansion_ratio` must be a number of at least 1. "
                f"Received: expansion_ratio={expansion_ratio!r}"
            )
        self.expansion_ratio = expansion_ratio
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        self.strides = positive_integers("strides", strides, 2)

    def build(self, input_shape):
        channels = static_channels(input_shape, self.channel_axis)
        options = {"dtype": self.dtype_policy}
        layers = [
            self.unit(1, self.kernel_size, depthwise=True, strides=self.strides),
            *self.gates(),
            self.unit(self.filters, 1, activation=None, zero_scale=self.zero_init_last),
        ]
        if self.expansion_ratio != 1:
            layers.insert(0, self.unit(round(channels * self.expansion_ratio), 1))
        if channels == self.filters and self.strides == (1, 1):
            branch = Chain(layers + self.drop_paths(), **options)
            self.body = Sum([Chain([], **options), branch], **options)
        else:
            self.body = Chain(layers, **options)
        super().build(input_shape)

    def compute_output_shape(self, input_shape):
        return self.same_shape(input_shape, self.filters, self.strides)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "expansion_ratio": self.expansion_ratio,
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
        }
