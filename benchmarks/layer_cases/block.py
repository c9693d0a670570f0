"""Blocks of networks, beside the same blocks of Keras' layers."""

import keras
from layer_step import Case

from kerasbook import layers

SAME = {"padding": "same"}
BARE = {"padding": "same", "use_bias": False}


def functional(shape, call):
    """Returns a Keras model of a function of its symbolic inputs."""
    inputs = keras.Input(shape[1:])
    return keras.Model(inputs, call(inputs))


def conv(x, filters, kernel_size, *, activation="relu", norm=True, **options):
    """Convolution, batch normalization and activation, as one writes it with Keras."""
    x = keras.layers.Conv2D(filters, kernel_size, padding="same", use_bias=not norm, **options)(x)
    if norm:
        x = keras.layers.BatchNormalization()(x)
    return keras.layers.Activation(activation)(x) if activation else x


def depthwise(x, *, strides=1, activation=None):
    x = keras.layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
    x = keras.layers.BatchNormalization()(x)
    return keras.layers.Activation(activation)(x) if activation else x


def norm_relu(x):
    return keras.layers.Activation("relu")(keras.layers.BatchNormalization()(x))


def basic(x):
    y = conv(conv(x, 64, 3), 64, 3, activation=None)
    return keras.layers.Activation("relu")(keras.layers.Add()([x, y]))


def bottleneck(x, strides, groups=1, inner=64):
    short = conv(x, 256, 1, strides=strides, activation=None) if strides > 1 else x
    y = conv(conv(x, inner, 1), inner, 3, strides=strides, groups=groups)
    y = conv(y, 256, 1, activation=None)
    return keras.layers.Activation("relu")(keras.layers.Add()([short, y]))


def before_activation(x):
    y = keras.layers.Conv2D(64, 3, **BARE)(norm_relu(x))
    y = keras.layers.Conv2D(64, 3, **BARE)(norm_relu(y))
    return keras.layers.Add()([x, y])


def inverted(x):
    y = conv(x, 6 * x.shape[-1], 1, activation="relu6")
    y = conv(depthwise(y, activation="relu6"), x.shape[-1], 1, activation=None)
    return keras.layers.Add()([x, y])


def shuffle(x, groups):
    shape = (*x.shape[1:-1], groups, x.shape[-1] // groups)
    y = keras.layers.Permute((1, 2, 4, 3))(keras.layers.Reshape(shape)(x))
    return keras.layers.Reshape(x.shape[1:])(y)


def shuffle_1(x):
    y = shuffle(conv(x, 60, 1, groups=3), 3)
    y = conv(depthwise(y), 240, 1, groups=3, activation=None)
    return keras.layers.Activation("relu")(keras.layers.Add()([x, y]))


def shuffle_2(x):
    kept, changed = keras.ops.split(x, 2, axis=-1)
    filters = changed.shape[-1]
    changed = conv(depthwise(conv(changed, filters, 1)), filters, 1)
    return shuffle(keras.layers.Concatenate()([kept, changed]), 2)


def dense(x):
    for _ in range(4):
        y = keras.layers.Conv2D(128, 1, use_bias=False)(norm_relu(x))
        y = keras.layers.Conv2D(32, 3, **BARE)(norm_relu(y))
        x = keras.layers.Concatenate()([x, y])
    return x


def transition(x):
    x = keras.layers.Conv2D(x.shape[-1] // 2, 1, use_bias=False)(norm_relu(x))
    return keras.layers.AveragePooling2D(2)(x)


def vgg(x):
    x = conv(conv(x, 64, 3, norm=False), 64, 3, norm=False)
    return keras.layers.MaxPooling2D(2)(x)


def nin(x):
    return conv(conv(conv(x, 64, 5, norm=False), 64, 1, norm=False), 64, 1, norm=False)


def inception(x):
    pooled = keras.layers.MaxPooling2D(3, strides=1, **SAME)(x)
    paths = [
        conv(x, 64, 1, norm=False),
        conv(conv(x, 96, 1, norm=False), 128, 3, norm=False),
        conv(conv(x, 16, 1, norm=False), 32, 5, norm=False),
        conv(pooled, 32, 1, norm=False),
    ]
    return keras.layers.Concatenate()(paths)


def pooled(x, filters):
    return conv(keras.layers.AveragePooling2D(3, strides=1, **SAME)(x), filters, 1)


def factorized(x):
    single, double = conv(conv(x, 48, 1), 64, 5), conv(conv(conv(x, 64, 1), 96, 3), 96, 3)
    return keras.layers.Concatenate()([conv(x, 64, 1), single, double, pooled(x, 32)])


def asymmetric(x):
    single = conv(conv(conv(x, 64, 1), 64, (1, 7)), 96, (7, 1))
    double = conv(x, 64, 1)
    for filters, size in ((64, (7, 1)), (64, (1, 7)), (64, (7, 1)), (96, (1, 7))):
        double = conv(double, filters, size)
    return keras.layers.Concatenate()([conv(x, 96, 1), single, double, pooled(x, 96)])


def expanded(x):
    single, double = conv(x, 96, 1), conv(conv(x, 112, 1), 96, 3)
    forks = [conv(y, 96, size) for y in (single, double) for size in ((1, 3), (3, 1))]
    return keras.layers.Concatenate()([conv(x, 80, 1), *forks, pooled(x, 48)])


def reduction(x):
    def strided(y):
        y = keras.layers.Conv2D(96, 3, strides=2, use_bias=False)(y)
        return norm_relu(y)

    pooled = keras.layers.MaxPooling2D(3, strides=2)(x)
    double = strided(conv(conv(x, 64, 1), 96, 3))
    return keras.layers.Concatenate()([strided(x), double, pooled])


def squeeze_excite(x):
    means = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    hidden = keras.layers.Dense(8, activation="relu")(means)
    return keras.layers.Multiply()([x, keras.layers.Dense(128, activation="sigmoid")(hidden)])


def channel_attention(x):
    means = keras.layers.GlobalAveragePooling2D()(x)
    gates = keras.layers.Reshape((-1, 1))(means)
    gates = keras.layers.Conv1D(1, 3, use_bias=False, activation="sigmoid", **SAME)(gates)
    return x * keras.layers.Reshape((1, 1, -1))(gates)


def block_attention(x):
    squeeze = keras.layers.Dense(x.shape[-1] // 16, activation="relu")
    excite = keras.layers.Dense(x.shape[-1])
    means = excite(squeeze(keras.layers.GlobalAveragePooling2D(keepdims=True)(x)))
    maxima = excite(squeeze(keras.layers.GlobalMaxPooling2D(keepdims=True)(x)))
    y = x * keras.ops.sigmoid(means + maxima)
    maps = [keras.ops.mean(y, -1, keepdims=True), keras.ops.max(y, -1, keepdims=True)]
    maps = keras.layers.Concatenate()(maps)
    return y * keras.layers.Conv2D(1, 7, activation="sigmoid", **SAME)(maps)


def spatial_attention(x):
    return x * keras.layers.Conv2D(1, 1, use_bias=False, activation="sigmoid")(x)


class ChannelWeights(keras.layers.Layer):
    """Channels times a learned weight each, as `keras.applications` writes it for ConvNeXt."""

    def build(self, input_shape):
        initializer = keras.initializers.Constant(1e-6)
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer=initializer)

    def call(self, inputs):
        return inputs * self.gamma


def torch_scale(torch):
    class Scale(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.gamma = torch.nn.Parameter(torch.full((128, 1, 1), 1e-6))

        def forward(self, inputs):
            return inputs * self.gamma

    return Scale()


def torch_residual(torch, widths, kernel_sizes, strides=1, channels=None):
    """Returns a residual block of torch, with a projection if the strides want one."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            parts, before = [], channels
            for number, (width, k) in enumerate(zip(widths, kernel_sizes, strict=True)):
                stride = strides if k > 1 and number < 2 else 1
                parts.append(nn.Conv2d(before, width, k, stride, k // 2, bias=False))
                parts.append(nn.BatchNorm2d(width))
                if number < len(widths) - 1:
                    parts.append(nn.ReLU())
                before = width
            self.branch, self.short = nn.Sequential(*parts), nn.Identity()
            if strides > 1 or channels != before:
                self.short = nn.Sequential(
                    nn.Conv2d(channels, before, 1, strides, bias=False), nn.BatchNorm2d(before)
                )

        def forward(self, x):
            return torch.relu(self.short(x) + self.branch(x))

    return Block()


def torch_inverted(torch):
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.branch = nn.Sequential(
                nn.Conv2d(32, 192, 1, bias=False),
                nn.BatchNorm2d(192),
                nn.ReLU6(),
                nn.Conv2d(192, 192, 3, padding=1, groups=192, bias=False),
                nn.BatchNorm2d(192),
                nn.ReLU6(),
                nn.Conv2d(192, 32, 1, bias=False),
                nn.BatchNorm2d(32),
            )

        def forward(self, x):
            return x + self.branch(x)

    return Block()


def case(name, ours, composition, shape, torch=None, **options):
    """Returns a case whose first rival is a function of symbolic inputs."""
    rivals = {"Keras composition": lambda: functional(shape, composition)}
    if torch is not None:
        rivals["torch"] = torch
    return Case(name, ours, rivals, shape, **options)


WIDTHS_V1 = {"filters_5x5": (16, 32), "pool_filters": 32}
CASES = [
    case(
        "ResidualBlock(64)",
        lambda: layers.ResidualBlock(64),
        basic,
        (16, 28, 28, 64),
        lambda torch: torch_residual(torch, (64, 64), (3, 3), channels=64),
        positive=True,
    ),
    case(
        "ResidualBlock(64, preactivation=True)",
        lambda: layers.ResidualBlock(64, preactivation=True),
        before_activation,
        (16, 28, 28, 64),
    ),
    case(
        'ResidualBlock(64, variant="bottleneck")',
        lambda: layers.ResidualBlock(64, variant="bottleneck"),
        lambda x: bottleneck(x, 1),
        (16, 28, 28, 256),
        lambda torch: torch_residual(torch, (64, 64, 256), (1, 3, 1), channels=256),
        positive=True,
    ),
    case(
        'ResidualBlock(64, variant="bottleneck", strides=2)',
        lambda: layers.ResidualBlock(64, variant="bottleneck", strides=2),
        lambda x: bottleneck(x, 2),
        (16, 28, 28, 128),
        lambda torch: torch_residual(torch, (64, 64, 256), (1, 3, 1), 2, channels=128),
        positive=True,
    ),
    case(
        'ResidualBlock(64, variant="bottleneck", inner_filters=128, groups=32)',
        lambda: layers.ResidualBlock(64, variant="bottleneck", inner_filters=128, groups=32),
        lambda x: bottleneck(x, 1, 32, 128),
        (16, 28, 28, 256),
        positive=True,
        pairs=7,
    ),
    case(
        "InvertedResidualBlock(32)",
        lambda: layers.InvertedResidualBlock(32),
        inverted,
        (16, 28, 28, 32),
        torch_inverted,
    ),
    case(
        "ShuffleUnit(240, version=1, groups=3)",
        lambda: layers.ShuffleUnit(240, version=1, groups=3),
        shuffle_1,
        (16, 28, 28, 240),
        positive=True,
        pairs=15,
    ),
    case("ShuffleUnit(116)", lambda: layers.ShuffleUnit(116), shuffle_2, (16, 28, 28, 116)),
    case("DenseBlock(4, 32)", lambda: layers.DenseBlock(4, 32), dense, (16, 28, 28, 64)),
    case("TransitionBlock()", lambda: layers.TransitionBlock(), transition, (16, 28, 28, 256)),
    case("VGGBlock(64, 2)", lambda: layers.VGGBlock(64, 2), vgg, (16, 28, 28, 64)),
    case("NiNBlock(64, 5)", lambda: layers.NiNBlock(64, 5), nin, (16, 28, 28, 32)),
    case(
        "InceptionBlock(64, (96, 128), filters_5x5=(16, 32), pool_filters=32)",
        lambda: layers.InceptionBlock(64, (96, 128), **WIDTHS_V1),
        inception,
        (16, 28, 28, 192),
        positive=True,
    ),
    case(
        "FactorizedInceptionBlock(64, (48, 64), ..., kernel_size=5)",
        lambda: layers.FactorizedInceptionBlock(
            64, (48, 64), filters_double=(64, 96), pool_filters=32, kernel_size=5
        ),
        factorized,
        (16, 17, 17, 192),
        positive=True,
    ),
    case(
        "AsymmetricInceptionBlock(96, (64, 96), ...)",
        lambda: layers.AsymmetricInceptionBlock(
            96, (64, 96), filters_double=(64, 96), pool_filters=96
        ),
        asymmetric,
        (16, 17, 17, 192),
        positive=True,
    ),
    case(
        "ExpandedInceptionBlock(80, (96, 96), ...)",
        lambda: layers.ExpandedInceptionBlock(
            80, (96, 96), filters_double=(112, 96), pool_filters=48
        ),
        expanded,
        (16, 8, 8, 320),
        positive=True,
    ),
    case(
        "InceptionReductionBlock(96, (64, 96))",
        lambda: layers.InceptionReductionBlock(96, (64, 96)),
        reduction,
        (16, 17, 17, 192),
        positive=True,
    ),
    case(
        "SqueezeExcite(16)",
        lambda: layers.SqueezeExcite(16),
        squeeze_excite,
        (32, 28, 28, 128),
    ),
    case(
        "EfficientChannelAttention(3)",
        lambda: layers.EfficientChannelAttention(3),
        channel_attention,
        (32, 28, 28, 128),
    ),
    case(
        "ConvolutionalBlockAttention()",
        lambda: layers.ConvolutionalBlockAttention(),
        block_attention,
        (32, 28, 28, 128),
    ),
    case(
        "SpatialSqueezeExcite()",
        lambda: layers.SpatialSqueezeExcite(),
        spatial_attention,
        (32, 28, 28, 128),
    ),
    Case(
        "LayerScale()",
        lambda: layers.LayerScale(),
        {"Keras composition": ChannelWeights, "torch": torch_scale},
        (32, 28, 28, 128),
    ),
]
