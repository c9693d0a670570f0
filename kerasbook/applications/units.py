"""The units that networks are made of: convolution, normalization, activation, gate, sum.

A `Units` holds what all units of one network have in common, so that the file of a family says
only what follows what. Each unit names its layers `<name>_conv`, `<name>_norm`, `<name>_act` and
so on; the name begins with the part of the network, `stem` or `stage1`, by which
`kerasbook.applications.features` finds it.
"""

import dataclasses
import math

import keras

from kerasbook import layers
from kerasbook.layers.arguments import rate_below_one
from kerasbook.layers.composite import copy_of
from kerasbook.layers.regularization.dropout import Dropout

NEVER_NEGATIVE = ("relu", "relu6", "sigmoid", "hard_sigmoid", "softplus", "exponential")
NORMALIZATIONS = ("batch", "group", "instance", "layer", None)


@dataclasses.dataclass(frozen=True)
class Convention:
    """In what the published implementations of one network differ.

    Attributes:
        epsilon: What batch normalizations add to the variance.
        momentum: Weight of the past in their moving averages.
        padding: How convolutions and poolings with strides pad: `"same"`, at the end first, or
            `"symmetric"`, alike on both sides.
        use_bias: Whether convolutions before a normalization have biases.
        preprocessing: Name of the scaling of images, see `kerasbook.applications.preprocessing`.
        scale: Whether batch normalizations have a factor for each channel.
    """

    epsilon: float = 1e-5
    momentum: float = 0.9
    padding: str = "symmetric"
    use_bias: bool = False
    preprocessing: str = "torch"
    scale: bool = True


class Units:
    """Makes the units of one network, on symbolic tensors `(batch, height, width, channels)`.

    Args:
        convention: The `Convention` of the network.
        normalization: `"batch"`, `"group"` (of at most 32 groups), `"instance"`, `"layer"` (over
            the channels of each position), `None`, or a Keras layer of normalization, of which
            every place gets its own copy.
        activation: Function after each unit.
        dropout: Probability of dropping a feature before the classifier, in [0, 1).
        drop_path: Probability that the last residual branch of a sample is dropped, in [0, 1);
            it rises linearly from the first branch.
        kernel_initializer: Initializer of the kernels of convolutions and hidden dense layers.

    Attributes:
        kept: Dictionary of maps that a trunk hands to the head, e.g. for auxiliary classifiers.
    """

    def __init__(
        self,
        convention,
        *,
        normalization="batch",
        activation="relu",
        dropout=0.0,
        drop_path=0.0,
        kernel_initializer="he_normal",
    ):
        known = isinstance(normalization, keras.layers.Layer) or normalization in NORMALIZATIONS
        if not known:
            raise ValueError(
                f"`normalization` must be one of {NORMALIZATIONS} or a layer. "
                f"Received: normalization={normalization!r}"
            )
        self.convention = convention
        self.normalization = normalization
        self.activation = activation
        self.dropout = rate_below_one("dropout", dropout)
        self.drop_path = rate_below_one("drop_path", drop_path)
        self.kernel_initializer = kernel_initializer
        self.kept = {}

    def unit(
        self, x, filters, kernel_size, *, name, activation="own", normalization="own", **options
    ):
        """Applies a convolution, its normalization and its activation.

        Args:
            x: The input.
            filters: Number of output channels; `None` convolves each channel by itself.
            kernel_size: Height and width of the kernel, pixels.
            name: Name of the unit.
            activation: Instead of the network's own; `None` is none.
            normalization: Instead of the network's own.
            **options: Further arguments of `convolution`.
        """
        kind = self.normalization if normalization == "own" else normalization
        if kind is not None:
            options.setdefault("use_bias", self.convention.use_bias)
        x = self.convolution(x, filters, kernel_size, name=name, **options)
        x = self.normalize(x, name=name, normalization=kind)
        return self.activate(x, name=name, activation=activation)

    def convolution(
        self, x, filters, kernel_size, *, name, strides=1, padding=None, use_bias=True, **options
    ):
        """Applies the layer `<name>_conv`, with `filters=None` a depthwise one.

        Args:
            x: The input.
            filters: Number of output channels, or `None`.
            kernel_size: Height and width of the kernel, pixels, or one integer for both.
            name: Name of the unit.
            strides: Pixels between outputs.
            padding: `"valid"`, `"same"`, `"symmetric"` (half the kernel on every side), or a number
                of pixels on every side; `None` is the convention's.
            use_bias: Whether the convolution has biases.
            **options: Further arguments of `kerasbook.layers.Conv2D`, e.g. `groups`.
        """
        x, padding = self._padded(x, kernel_size, strides, padding, name, options)
        options |= {"strides": strides, "padding": padding, "use_bias": use_bias}
        options["name"] = f"{name}_conv"
        start = _new(options.pop("kernel_initializer", self.kernel_initializer))
        if filters is None:
            layer = layers.DepthwiseConv2D(kernel_size, depthwise_initializer=start, **options)
        else:
            layer = layers.Conv2D(filters, kernel_size, kernel_initializer=start, **options)
        return layer(x)

    def dense(self, x, size, *, name, normalization=None, activation="own"):
        """Applies the dense layer `<name>`, its normalization, if any, and its activation."""
        start = _new(self.kernel_initializer)
        x = keras.layers.Dense(size, kernel_initializer=start, name=name)(x)
        x = self.normalize(x, name=name, normalization=normalization)
        return self.activate(x, name=name, activation=activation)

    def normalize(self, x, *, name, normalization="own", **options):
        """Applies the layer `<name>_norm`, or nothing where the network has no normalization."""
        kind = self.normalization if normalization == "own" else normalization
        options["name"] = f"{name}_norm"
        if kind is None:
            return x
        if kind == "batch":
            options.setdefault("epsilon", self.convention.epsilon)
            options.setdefault("momentum", self.convention.momentum)
            options.setdefault("scale", self.convention.scale)
            return layers.BatchNormalization(**options)(x)
        if kind == "group":
            return layers.GroupNormalization(math.gcd(32, x.shape[-1]), **options)(x)
        if kind == "instance":
            return layers.InstanceNormalization(**options)(x)
        if kind == "layer":
            options.setdefault("epsilon", 1e-6)
            return keras.layers.LayerNormalization(**options)(x)
        return copy_of(kind, **options)(x)

    def activate(self, x, *, name, activation="own"):
        """Applies the layer `<name>_act`, or nothing where the activation is `None`."""
        function = self.activation if activation == "own" else activation
        if function is None:
            return x
        if isinstance(function, keras.layers.Layer):
            return copy_of(function, name=f"{name}_act")(x)
        return keras.layers.Activation(function, name=f"{name}_act")(x)

    def pool(self, x, kind, size, *, name, strides=None, padding="valid", signed=None):
        """Applies the pooling `<name>_pool`, of the kind `"max"` or `"average"`.

        Padding never wins a maximum: where values may be negative, it repeats the edge. An average
        counts it as zeros.

        Args:
            x: The input.
            kind: `"max"` or `"average"`.
            size: Height and width of the window, pixels.
            name: Name of the unit.
            strides: Pixels between windows; `None` is `size`.
            padding: As in `convolution`; or `"ceiling"`, with which the last window may reach over
                the end, as in Caffe.
            signed: Whether values may be negative; `None` asks the network's activation.
        """
        strides = strides or size
        lacking = [None if n is None else (size - n) % strides for n in x.shape[1:3]]
        if (kind, padding, lacking) == ("max", "ceiling", [1, 1]) and size - strides in (0, 1):
            padding = "same"  # which has the same windows then, and needs no copy
        if signed is None:
            function = keras.activations.get(self.activation)
            signed = getattr(function, "__name__", None) not in NEVER_NEGATIVE
        by_edge = kind == "max" and signed
        x, padding = self._padded(x, size, strides, padding, f"{name}_pool", {}, by_edge)
        pooling = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}
        layer = pooling[kind](size, strides=strides, padding=padding, name=f"{name}_pool")
        return layer(x)

    def add(self, shortcut, branch, *, name, place=0.0, branch_first=False):
        """Adds a branch to its shortcut in the layer `<name>_add`.

        Args:
            shortcut: What came in.
            branch: What was made of it.
            name: Name of the block.
            place: Where in the network the branch stands, from 0 for the first to 1 for the last;
                `DropPath` drops it with the probability `drop_path * place`.
            branch_first: Whether `from_keras` looks for the branch's weights before the shortcut's.
        """
        if self.drop_path * place > 0:
            branch = layers.DropPath(self.drop_path * place, name=f"{name}_drop")(branch)
        terms = [branch, shortcut] if branch_first else [shortcut, branch]
        return keras.layers.Add(name=f"{name}_add")(terms)

    def squeeze_excite(self, x, hidden, *, name, activation="own", gate="sigmoid"):
        """Scales channels by gates computed from their means over all positions.

        Args:
            x: The input.
            hidden: Number of channels between the two 1 x 1 convolutions.
            name: Name of the block; the layers are `<name>_squeeze_conv`, `<name>_excite_conv`, ...
            activation: Function between the convolutions.
            gate: Function after them.
        """
        y = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze_pool")(x)
        y = self.convolution(y, hidden, 1, name=f"{name}_squeeze")
        y = self.activate(y, name=f"{name}_squeeze", activation=activation)
        y = self.convolution(y, x.shape[-1], 1, name=f"{name}_excite")
        y = self.activate(y, name=f"{name}_excite", activation=gate)
        return keras.layers.Multiply(name=f"{name}_gate")([x, y])

    def drop(self, x, *, rate=None, name="dropout"):
        """Applies dropout, or nothing where the rate is zero; `None` is the network's own."""
        rate = self.dropout if rate is None else rate_below_one("rate", rate)
        return Dropout(rate, name=name)(x) if rate else x

    def _padded(self, x, size, strides, padding, name, options, by_edge=False):
        """Returns the input, padded where Keras cannot, and Keras' name of the padding left."""
        sizes = size if isinstance(size, tuple) else (size, size)
        if padding is None:
            padding = self.convention.padding
        if padding == "symmetric":
            if strides == 1:
                return x, "same"
            rate = options.get("dilation_rate", 1)
            margins = tuple((extent - 1) * rate // 2 for extent in sizes)
        elif padding == "ceiling":
            margins = tuple(
                (0, strides - 1 if pixels is None else (extent - pixels) % strides)
                for pixels, extent in zip(x.shape[1:3], sizes, strict=True)
            )
        elif isinstance(padding, int):
            margins = (padding, padding)
        else:
            return x, padding
        if not any(keras.tree.flatten(margins)):
            return x, "valid"
        if by_edge:
            pairs = [margin if isinstance(margin, tuple) else (margin,) * 2 for margin in margins]
            x = keras.ops.pad(x, [(0, 0), *pairs, (0, 0)], mode="symmetric")
        else:
            x = keras.layers.ZeroPadding2D(margins, name=f"{name}_pad")(x)
        return x, "valid"


def branch_places(depths):
    """Returns an iterator over the places of branches, from 0 to 1, see `Units.add`.

    Args:
        depths: Number of branches of each stage.
    """
    last = max(1, sum(depths) - 1)
    return (number / last for number in range(sum(depths)))


def _new(initializer):
    """Returns a copy of an initializer, since Keras warns of one object in two layers."""
    return initializer.clone() if hasattr(initializer, "clone") else initializer
