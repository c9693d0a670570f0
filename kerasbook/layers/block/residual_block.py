"""Residual blocks: basic, bottleneck, before activation, wide, grouped, gated."""

import keras

from kerasbook.layers.arguments import (
    one_of,
    positive_integer,
    positive_integers,
    rate_below_one,
    static_channels,
)
from kerasbook.layers.block.residual import Residual
from kerasbook.layers.regularization.dropout import Dropout
from kerasbook.layers.structure import Chain, Sum


@keras.saving.register_keras_serializable(package="kerasbook")
class ResidualBlock(Residual):
    """Adds what a few convolutions make of the inputs to the inputs.

    After activation, as first published: `y = a(x + F(x))` with an activation `a` and
    `F = conv, norm, a, conv, norm` (basic: two `k x k`) or `F = conv, norm, a, conv, norm, a,
    conv, norm` (bottleneck: 1 x 1, `k x k`, 1 x 1). With `preactivation`, `y = x + F(x)` and each
    `norm, a` stands before its convolution. Where `F` changes the shape, a 1 x 1 convolution
    with the same strides projects `x`: followed by a normalization; or, with `preactivation`,
    bare and fed by `a(norm(x))`, which `F` begins with.

    Known networks: wide (Zagoruyko), `preactivation=True` with many `filters` and a
    `dropout_rate`; ResNeXt-50 (32 x 4d), `variant="bottleneck", inner_filters=2 * filters,
    groups=32`; SE-ResNet, `squeeze_excite=16`.

    Args:
        filters: Base width `f`: that of the convolutions within, see `inner_filters`. The
            outputs have `expansion * filters` channels.
        variant: `"basic"` or `"bottleneck"`.
        kernel_size: Height and width of the `k x k` kernels, or one integer for both.
        strides: Strides of the block, two integers or one. They stand at the first `k x k`
            convolution.
        expansion: Output channels for one of `filters`; `None` is 1 for `"basic"` and 4 for
            `"bottleneck"`.
        inner_filters: Number of channels within; `None` is `filters`.
        groups: Number of groups of the `k x k` convolution of a bottleneck.
        preactivation: Whether normalizations and activations come before the convolutions.
        strides_first: Whether the strides of a bottleneck stand at its first 1 x 1 convolution
            instead, as in the paper and in `keras.applications`.
        projection: Whether a convolution projects the inputs; `None` does only where it must.
        dropout_rate: Probability of zeroing a value between the first convolution and the next,
            in `[0, 1)`.
        squeeze_excite: Gate of the branch before the addition: `None`, the reduction ratio of a
            `SqueezeExcite`, or a layer that keeps its inputs' shape, such as
            `EfficientChannelAttention`, of which the block takes a copy.
        drop_path_rate: Probability that `DropPath` drops the branch of a sample, in `[0, 1)`.
        seed: Integer seed of both kinds of dropping; `None` draws a fresh one.
        zero_init_last: Whether the branch begins as zero, so that the block begins as its
            shortcut: by the scale of its last normalization or, with `preactivation`, by its
            last kernel.
        **kwargs: All further arguments of `Composite`: `activation`, `normalization`, `use_bias`,
            `kernel_initializer`, `bias_initializer`, `kernel_regularizer`, `data_format` (see
            `help(kerasbook.layers.Composite)`), and of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.
        training: Whether normalizations use the batch's statistics, and whether to drop.
            Defaults to `False`.

    Returns:
        Tensor `(batch, ceil(height / stride), ceil(width / stride), expansion * filters)`, or
        with the channels first.

    Raises:
        ValueError: If an argument is out of range, or `projection` is `False` where the shapes
            need one.

    Example:
        >>> block = kerasbook.layers.ResidualBlock(8, variant="bottleneck", strides=2)
        >>> tuple(block(np.ones((2, 9, 11, 16), "float32")).shape)
        (2, 5, 6, 32)

    Reference:
        He et al., 2016, figure 5, https://arxiv.org/abs/1512.03385; before activation: He et al.,
        2016, section 4, https://arxiv.org/abs/1603.05027; Zagoruyko and Komodakis, 2016,
        https://arxiv.org/abs/1605.07146; Xie et al., 2017, https://arxiv.org/abs/1611.05431; Hu
        et al., 2018, https://arxiv.org/abs/1709.01507. Strides pad as Keras' `"same"`, at the
        end first; the papers' code pads alike on both sides.
    """

    def __init__(
        self,
        filters,
        *,
        variant="basic",
        kernel_size=3,
        strides=1,
        expansion=None,
        inner_filters=None,
        groups=1,
        preactivation=False,
        strides_first=False,
        projection=None,
        dropout_rate=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = positive_integer("filters", filters)
        self.variant = one_of("variant", variant, ("basic", "bottleneck"))
        self.kernel_size = positive_integers("kernel_size", kernel_size, 2)
        self.strides = positive_integers("strides", strides, 2)
        for name, value in (("expansion", expansion), ("inner_filters", inner_filters)):
            if value is not None:
                positive_integer(name, value)
        self.expansion = expansion
        self.inner_filters = inner_filters
        self.groups = positive_integer("groups", groups)
        self.preactivation = preactivation
        self.strides_first = strides_first
        if projection not in (True, False, None):
            raise ValueError(
                f"`projection` must be True, False or None. Received: projection={projection!r}"
            )
        self.projection = projection
        self.dropout_rate = rate_below_one("dropout_rate", dropout_rate)
        bottleneck = self.variant == "bottleneck"
        if not bottleneck and (groups > 1 or strides_first):
            raise ValueError(
                "`groups` above 1 and `strides_first` are for the variant 'bottleneck'. "
                f"Received: groups={groups}, strides_first={strides_first}, variant={variant!r}"
            )
        self.inner = inner_filters or filters
        self.output_filters = filters * (expansion or (4 if bottleneck else 1))
        if self.inner % groups:
            raise ValueError(
                "`groups` must divide the number of channels within. "
                f"Received: groups={groups}, channels={self.inner}"
            )

    def build(self, input_shape):
        channels = static_channels(input_shape, self.channel_axis)
        fits = channels == self.output_filters and self.strides == (1, 1)
        if self.projection is False and not fits:
            raise ValueError(
                "`projection` must not be False where the block changes the shape. Received: "
                f"channels={channels}, output channels={self.output_filters}, "
                f"strides={self.strides}"
            )
        projects = not fits if self.projection is None else self.projection
        options = {"dtype": self.dtype_policy}
        branch, shortcut = Chain(self._branch(), **options), Chain([], **options)
        if projects:
            shortcut = self._last(self.output_filters, 1, strides=self.strides)
        if not self.preactivation:
            activation = keras.layers.Activation(self.activation, **options)
            body = [Sum([shortcut, branch], **options), activation]
        elif projects:
            body = [self._first(), Sum([shortcut, branch], **options)]
        else:
            body = [Sum([shortcut, Chain([self._first(), branch], **options)], **options)]
        self.body = Chain(body, **options)
        super().build(input_shape)

    def _branch(self):
        """Returns the branch's layers, without what stands before its first convolution."""
        last = {"zero_scale": self.zero_init_last}
        if self.variant == "basic":
            layers = [
                self.unit(self.inner, self.kernel_size, strides=self.strides),
                self._last(self.output_filters, self.kernel_size, **last),
            ]
        else:
            first, second = (self.strides, 1) if self.strides_first else (1, self.strides)
            layers = [
                self.unit(self.inner, 1, strides=first),
                self.unit(self.inner, self.kernel_size, strides=second, groups=self.groups),
                self._last(self.output_filters, 1, **last),
            ]
        if self.dropout_rate:
            seed = None if self.seed is None else self.seed + 1  # not the coins of the paths
            layers.insert(1, Dropout(self.dropout_rate, seed=seed, dtype=self.dtype_policy))
        return layers + self.gates() + self.drop_paths()

    def _first(self):
        """Returns the normalization and activation before the first convolution."""
        return self.activated(Chain([], dtype=self.dtype_policy))

    def _last(self, *arguments, **options):
        """Returns a convolution before the addition; its normalization comes after it, if any."""
        if self.preactivation:
            options["normalization"] = None
        return self.unit(*arguments, activation=None, **options)

    def compute_output_shape(self, input_shape):
        return self.same_shape(input_shape, self.output_filters, self.strides)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "variant": self.variant,
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "expansion": self.expansion,
            "inner_filters": self.inner_filters,
            "groups": self.groups,
            "preactivation": self.preactivation,
            "strides_first": self.strides_first,
            "projection": self.projection,
            "dropout_rate": self.dropout_rate,
        }
