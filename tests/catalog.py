"""Every public layer once, with a small constructor and the shape of a non-square input."""

import functools

import keras

from kerasbook import layers
from kerasbook.testing import Case


def row(layer, *arguments, shape=None, **options):
    """Returns the catalog's row for a layer class and its positional arguments."""
    keywords = options.pop("arguments", {})
    make = functools.partial(layer, *arguments, **keywords)
    return Case(layer.__name__, make, shape, **options)


def pooled(generator):
    """Returns values and the places of an image of 7 x 10 pixels, some of them taken twice."""
    shape = (3, 3, 3, 2)
    return [generator.normal(size=shape), generator.integers(0, 70, shape, dtype="int32")]


IS_A_TRANSFORMATION = "Outside training the layer transforms with all of its weights, see its test."


NO_IDENTITY = "Pooling makes an image smaller; outside training it has one result, see its test."


def weight_normalization(dtype=None):
    """Returns the wrapper of a layer of its own, in a dtype."""
    return layers.WeightNormalization(layers.Conv2D(4, 3, activation="swish", dtype=dtype))


def mixture_of_experts(dtype=None):
    """Returns a mixture of three small layers, with weights of every position, in a dtype."""
    experts = [keras.layers.Dense(4, each, dtype=dtype) for each in ("tanh", "swish", None)]
    return layers.MixtureOfExperts(experts, keras.layers.Dense(3, dtype=dtype), dtype=dtype)


def hierarchical_mixture_of_experts(dtype=None):
    """Returns a tree of six small convolutions, with weights of every image, in a dtype."""
    expert = layers.Conv2D(2, 2, activation="tanh", dtype=dtype)
    gate = keras.layers.GlobalAveragePooling2D(dtype=dtype)
    return layers.HierarchicalMixtureOfExperts((2, 3), expert, gate=gate, dtype=dtype)


CATALOG = [
    row(
        layers.AsymmetricConv2D,
        4,
        3,
        shape=(2, 6, 8, 3),
        arguments={"strides": 2, "normalization": "group"},
    ),
    row(
        layers.AsymmetricInceptionBlock,
        2,
        (3, 4),
        shape=(3, 6, 7, 3),
        arguments={
            "filters_double": 3,
            "pool_filters": 2,
            "kernel_size": 3,
            "activation": "swish",
        },
    ),
    row(
        layers.AtrousSpatialPyramid,
        3,
        (2, 3),
        shape=(3, 6, 7, 2),
        arguments={"activation": "swish"},
    ),
    row(layers.BatchNormalization, shape=(4, 5, 7, 3)),
    row(layers.BatchRenormalization, shape=(4, 5, 7, 3)),
    row(
        layers.BayesianConv2D,
        4,
        (3, 2),
        shape=(3, 7, 9, 4),
        arguments={"num_examples": 50, "estimator": "flipout", "groups": 2, "strides": (2, 1)}
        | {"padding": "same", "seed": 7},
        exceptions={"identity_outside_training": IS_A_TRANSFORMATION},
    ),
    row(
        layers.BayesianDense,
        4,
        shape=(3, 5, 6),
        arguments={"num_examples": 50, "activation": "tanh", "seed": 7},
        exceptions={"identity_outside_training": IS_A_TRANSFORMATION},
    ),
    row(layers.BottleneckConv2D, 9, 3, shape=(2, 6, 7, 4), arguments={"activation": "swish"}),
    row(layers.ChannelShuffle, 2, shape=(2, 5, 7, 6)),
    row(layers.Conv1D, 4, 3, shape=(3, 11, 6), arguments={"padding": "causal", "groups": 2}),
    row(
        layers.Conv2D,
        4,
        (3, 2),
        shape=(3, 9, 11, 6),
        arguments={"groups": 2, "strides": (2, 1)},
    ),
    row(layers.Conv3D, 4, (2, 3, 2), shape=(2, 5, 6, 7, 4), arguments={"groups": 2, "strides": 2}),
    row(
        layers.ConvolutionalBlockAttention,
        2,
        1,
        shape=(3, 5, 7, 2),
        arguments={"activation": "tanh"},
    ),
    row(layers.DenseBlock, 2, 3, shape=(3, 5, 7, 4), arguments={"activation": "swish"}),
    row(
        layers.DepthwiseConv2D,
        3,
        shape=(2, 7, 9, 4),
        arguments={"strides": 2, "depth_multiplier": 2},
    ),
    row(
        layers.DepthwiseSeparableConv2D,
        5,
        3,
        shape=(2, 7, 9, 4),
        arguments={"normalization": "batch", "activation": "swish", "depth_multiplier": 2},
    ),
    row(layers.DilatedConv2D, 4, 3, shape=(2, 7, 9, 3)),
    row(layers.DropBlock2D, 0.3, 3, shape=(4, 5, 7, 3), arguments={"seed": 7}),
    row(
        layers.DropConnectConv2D,
        4,
        (3, 2),
        shape=(3, 7, 9, 4),
        arguments={"groups": 2, "strides": (2, 1), "padding": "same", "seed": 7},
        exceptions={"identity_outside_training": IS_A_TRANSFORMATION},
    ),
    row(
        layers.DropConnectDense,
        4,
        shape=(3, 5, 6),
        arguments={"activation": "tanh", "seed": 7},
        exceptions={"identity_outside_training": IS_A_TRANSFORMATION},
    ),
    row(layers.DropPath, 0.5, shape=(4, 5, 7, 3), arguments={"seed": 7}),
    row(layers.EfficientChannelAttention, 3, shape=(3, 5, 7, 6)),
    row(
        layers.ExpandedInceptionBlock,
        2,
        (3, 2),
        shape=(3, 6, 7, 3),
        arguments={"filters_double": (3, 2), "pool_filters": 2, "activation": "swish"},
    ),
    row(
        layers.FactorizedInceptionBlock,
        2,
        (3, 2),
        shape=(3, 6, 7, 3),
        arguments={"filters_double": (3, 2), "pool_filters": 2, "activation": "swish"},
    ),
    row(
        layers.FilterResponseNormalization,
        shape=(3, 5, 7, 4),
        arguments={"learn_epsilon": True},
        gradient_error=1e-4,
    ),
    row(
        layers.FixupResidualBlock,
        2,
        shape=(3, 5, 7, 3),
        arguments={
            "num_blocks": 3,
            "kernel_size": (1, 2),
            "strides": (2, 1),
            "activation": "swish",
        },
    ),
    row(
        layers.FractionalMaxPooling2D,
        (1.4, 2.3),
        shape=(3, 9, 11, 3),
        arguments={"seed": 7},
        exceptions={"identity_outside_training": NO_IDENTITY},
    ),
    row(layers.GaussianHead, 2, shape=(3, 5, 4)),
    row(layers.GroupNormalization, 3, shape=(3, 5, 7, 6)),
    row(layers.GroupedConv2D, 4, 3, shape=(2, 7, 9, 6), arguments={"groups": 2}),
    row(
        layers.Heaviside,
        shape=(3, 5, 7, 2),
        exceptions={"gradient_is_slope": "The slope of a step is zero; an estimate is handed on."},
    ),
    row(layers.HierarchicalSoftmax, [[3, 0], [[1, 4], 2]], shape=(3, 5, 4)),
    Case("HierarchicalMixtureOfExperts", hierarchical_mixture_of_experts, (3, 4, 5, 3)),
    row(layers.HybridDilatedConv2D, 3, 3, shape=(2, 7, 9, 2), arguments={"dilation_rates": [1, 2]}),
    row(
        layers.InceptionBlock,
        2,
        (3, 2),
        shape=(3, 6, 7, 3),
        arguments={"filters_5x5": (2, 3), "pool_filters": 2, "activation": "swish"},
    ),
    row(
        layers.InceptionReductionBlock,
        (2, 3),
        (3, 2),
        shape=(3, 8, 9, 3),
        arguments={"row_size": 3, "activation": "swish"},
    ),
    row(layers.InstanceNormalization, shape=(3, 5, 7, 4)),
    row(
        layers.InvertedResidualBlock,
        4,
        shape=(3, 6, 7, 4),
        arguments={
            "expansion_ratio": 2.5,
            "activation": "swish",
            "squeeze_excite": layers.EfficientChannelAttention(1),
        },
    ),
    row(layers.LayerScale, 0.1, shape=(3, 5, 7, 4)),
    row(layers.LocalResponseNormalization, 3, shape=(3, 5, 7, 6), arguments={"alpha": 0.5}),
    row(
        layers.LocallyConnected1D,
        4,
        3,
        shape=(3, 8, 2),
        arguments={"strides": 2, "padding": "same"},
        channel_axes=(1, 2),
    ),
    row(
        layers.LocallyConnected2D,
        4,
        (3, 2),
        shape=(3, 6, 7, 2),
        arguments={"strides": (1, 2)},
        channel_axes=(1, 2, 3),
    ),
    row(layers.LocallyConnected3D, 3, 2, shape=(2, 3, 4, 5, 2), channel_axes=(1, 2, 3, 4)),
    row(layers.LpPooling2D, 2, shape=(3, 5, 8, 3), arguments={"norm_type": 3, "padding": "same"}),
    row(layers.MaxPoolingWithArgmax2D, (2, 3), shape=(3, 7, 9, 4), arguments={"strides": (2, 1)}),
    row(layers.MaxUnpooling2D, (2, 3), make_inputs=pooled, arguments={"output_size": (7, 10)}),
    row(layers.Maxout, 4, 3, shape=(3, 5, 6)),
    row(layers.MixtureDensity, 2, 3, shape=(3, 5, 4), arguments={"covariance": "full"}),
    row(
        layers.MixtureOfLinearExperts,
        2,
        3,
        shape=(3, 5, 4),
        arguments={"covariance": "diagonal"},
    ),
    Case("MixtureOfExperts", mixture_of_experts, (3, 5, 4)),
    row(
        layers.MonteCarloDropout,
        0.5,
        shape=(4, 5, 7, 3),
        arguments={"seed": 7},
        exceptions=dict.fromkeys(
            (
                "identity_outside_training",
                "batch_is_single",
                "compiles",
                "serves_without_the_library",
            ),
            "It draws anew at every call, in training and out of it: that is what it is for.",
        ),
    ),
    row(layers.MultiScaleConv2D, [2, 3], [1, (3, 2)], shape=(2, 5, 7, 3)),
    row(layers.NiNBlock, 3, 3, shape=(2, 8, 9, 2), arguments={"activation": "swish", "strides": 2}),
    row(layers.RadialBasis, 4, 1.5, shape=(3, 5, 2), arguments={"learn_bandwidth": True}),
    row(
        layers.ResidualBlock,
        3,
        shape=(3, 6, 7, 4),
        arguments={
            "variant": "bottleneck",
            "strides": (2, 1),
            "inner_filters": 4,
            "groups": 2,
            "activation": "swish",
        },
    ),
    row(
        layers.ShuffleUnit,
        12,
        shape=(3, 6, 7, 4),
        arguments={"version": 1, "groups": 2, "strides": 2, "bottleneck_ratio": 3}
        | {"activation": "swish"},
    ),
    row(layers.ShuffledGroupConv2D, 4, 3, shape=(2, 7, 9, 6), arguments={"groups": 2}),
    # Of a capacity that drops nothing, otherwise tokens of a batch would vie for the experts; the
    # other routers are in the layer's own test.
    row(
        layers.SparseMixtureOfExperts,
        4,
        5,
        shape=(3, 5, 6),
        arguments={"router": "switch", "capacity_factor": 2.0, "jitter": 0.5}
        | {"activation": "tanh", "output_units": 3, "seed": 7},
        exceptions={"identity_outside_training": IS_A_TRANSFORMATION},
    ),
    row(layers.SpatialPyramidPooling2D, (1, 3), shape=(3, 5, 7, 2)),
    row(layers.SpatialSqueezeExcite, shape=(3, 5, 7, 4)),
    row(layers.SqueezeExcite, 2, shape=(3, 5, 7, 4), arguments={"activation": "swish"}),
    row(layers.StackedConv2D, 3, 5, shape=(2, 8, 9, 2), arguments={"padding": "valid"}),
    row(
        layers.StochasticPooling2D,
        (2, 3),
        shape=(3, 7, 9, 4),
        arguments={"strides": 2, "seed": 7},
        exceptions={"identity_outside_training": NO_IDENTITY},
    ),
    row(layers.Swish, 1.5, shape=(3, 5, 7, 4), arguments={"axis": -1}),
    row(layers.TiledConv1D, 4, 3, shape=(3, 11, 2), arguments={"tile": 4, "strides": 2}),
    row(
        layers.TiledConv2D,
        4,
        (3, 2),
        shape=(3, 9, 8, 2),
        arguments={"tile": (3, 2), "padding": "same"},
    ),
    row(layers.TransitionBlock, shape=(3, 5, 7, 4), arguments={"activation": "swish"}),
    row(layers.TrueConv1D, 4, 3, shape=(3, 11, 6), arguments={"padding": "causal", "groups": 2}),
    row(layers.TrueConv2D, 4, (3, 2), shape=(3, 6, 7, 6), arguments={"groups": 2, "strides": 2}),
    row(layers.TrueConv3D, 4, (2, 3, 2), shape=(2, 4, 5, 6, 3), arguments={"padding": "full"}),
    row(layers.VGGBlock, 3, 2, shape=(3, 6, 8, 2), arguments={"activation": "swish"}),
    Case("WeightNormalization", weight_normalization, (3, 5, 7, 2)),
]
