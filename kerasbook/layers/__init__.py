"""Keras layers, one public class per file, in families."""

from kerasbook import registry
from kerasbook.layers.activation.heaviside import Heaviside
from kerasbook.layers.activation.maxout import Maxout
from kerasbook.layers.activation.swish import Swish
from kerasbook.layers.block.asymmetric_inception_block import AsymmetricInceptionBlock
from kerasbook.layers.block.convolutional_block_attention import ConvolutionalBlockAttention
from kerasbook.layers.block.dense_block import DenseBlock
from kerasbook.layers.block.efficient_channel_attention import EfficientChannelAttention
from kerasbook.layers.block.expanded_inception_block import ExpandedInceptionBlock
from kerasbook.layers.block.factorized_inception_block import FactorizedInceptionBlock
from kerasbook.layers.block.fixup_residual_block import FixupResidualBlock
from kerasbook.layers.block.inception_block import InceptionBlock
from kerasbook.layers.block.inception_reduction_block import InceptionReductionBlock
from kerasbook.layers.block.inverted_residual_block import InvertedResidualBlock
from kerasbook.layers.block.layer_scale import LayerScale
from kerasbook.layers.block.nin_block import NiNBlock
from kerasbook.layers.block.residual_block import ResidualBlock
from kerasbook.layers.block.shuffle_unit import ShuffleUnit
from kerasbook.layers.block.spatial_squeeze_excite import SpatialSqueezeExcite
from kerasbook.layers.block.squeeze_excite import SqueezeExcite
from kerasbook.layers.block.transition_block import TransitionBlock
from kerasbook.layers.block.vgg_block import VGGBlock
from kerasbook.layers.composite import Composite  # noqa: F401 (for layers of one's own)
from kerasbook.layers.convolution.asymmetric_conv2d import AsymmetricConv2D
from kerasbook.layers.convolution.atrous_spatial_pyramid import AtrousSpatialPyramid
from kerasbook.layers.convolution.bottleneck_conv2d import BottleneckConv2D
from kerasbook.layers.convolution.channel_shuffle import ChannelShuffle
from kerasbook.layers.convolution.conv1d import Conv1D
from kerasbook.layers.convolution.conv2d import Conv2D
from kerasbook.layers.convolution.conv3d import Conv3D
from kerasbook.layers.convolution.depthwise_conv2d import DepthwiseConv2D
from kerasbook.layers.convolution.depthwise_separable_conv2d import DepthwiseSeparableConv2D
from kerasbook.layers.convolution.dilated_conv2d import DilatedConv2D
from kerasbook.layers.convolution.grouped_conv2d import GroupedConv2D
from kerasbook.layers.convolution.hybrid_dilated_conv2d import HybridDilatedConv2D
from kerasbook.layers.convolution.locally_connected1d import LocallyConnected1D
from kerasbook.layers.convolution.locally_connected2d import LocallyConnected2D
from kerasbook.layers.convolution.locally_connected3d import LocallyConnected3D
from kerasbook.layers.convolution.multi_scale_conv2d import MultiScaleConv2D
from kerasbook.layers.convolution.shuffled_group_conv2d import ShuffledGroupConv2D
from kerasbook.layers.convolution.stacked_conv2d import StackedConv2D
from kerasbook.layers.convolution.tiled_conv1d import TiledConv1D
from kerasbook.layers.convolution.tiled_conv2d import TiledConv2D
from kerasbook.layers.convolution.true_conv1d import TrueConv1D
from kerasbook.layers.convolution.true_conv2d import TrueConv2D
from kerasbook.layers.convolution.true_conv3d import TrueConv3D
from kerasbook.layers.head.bayesian_conv2d import BayesianConv2D
from kerasbook.layers.head.bayesian_dense import BayesianDense
from kerasbook.layers.head.gaussian_head import GaussianHead
from kerasbook.layers.head.hierarchical_mixture_of_experts import HierarchicalMixtureOfExperts
from kerasbook.layers.head.hierarchical_softmax import HierarchicalSoftmax
from kerasbook.layers.head.mixture_density import MixtureDensity
from kerasbook.layers.head.mixture_of_experts import MixtureOfExperts
from kerasbook.layers.head.mixture_of_linear_experts import MixtureOfLinearExperts
from kerasbook.layers.head.radial_basis import RadialBasis
from kerasbook.layers.head.sparse_mixture_of_experts import SparseMixtureOfExperts
from kerasbook.layers.normalization.batch_normalization import BatchNormalization
from kerasbook.layers.normalization.batch_renormalization import BatchRenormalization
from kerasbook.layers.normalization.filter_response_normalization import FilterResponseNormalization
from kerasbook.layers.normalization.group_normalization import GroupNormalization
from kerasbook.layers.normalization.instance_normalization import InstanceNormalization
from kerasbook.layers.normalization.local_response_normalization import LocalResponseNormalization
from kerasbook.layers.normalization.weight_normalization import WeightNormalization
from kerasbook.layers.pooling.fractional_max_pooling2d import FractionalMaxPooling2D
from kerasbook.layers.pooling.lp_pooling2d import LpPooling2D
from kerasbook.layers.pooling.max_pooling_with_argmax2d import MaxPoolingWithArgmax2D
from kerasbook.layers.pooling.max_unpooling2d import MaxUnpooling2D
from kerasbook.layers.pooling.spatial_pyramid_pooling2d import SpatialPyramidPooling2D
from kerasbook.layers.pooling.stochastic_pooling2d import StochasticPooling2D
from kerasbook.layers.regularization.drop_block2d import DropBlock2D
from kerasbook.layers.regularization.drop_connect_conv2d import DropConnectConv2D
from kerasbook.layers.regularization.drop_connect_dense import DropConnectDense
from kerasbook.layers.regularization.drop_path import DropPath
from kerasbook.layers.regularization.monte_carlo_dropout import (
    MonteCarloDropout,
    monte_carlo_predict,  # noqa: F401 (a function, and the list below is of layers)
)

__all__ = [
    "AsymmetricConv2D",
    "AsymmetricInceptionBlock",
    "AtrousSpatialPyramid",
    "BatchNormalization",
    "BatchRenormalization",
    "BayesianConv2D",
    "BayesianDense",
    "BottleneckConv2D",
    "ChannelShuffle",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "ConvolutionalBlockAttention",
    "DenseBlock",
    "DepthwiseConv2D",
    "DepthwiseSeparableConv2D",
    "DilatedConv2D",
    "DropBlock2D",
    "DropConnectConv2D",
    "DropConnectDense",
    "DropPath",
    "EfficientChannelAttention",
    "ExpandedInceptionBlock",
    "FactorizedInceptionBlock",
    "FilterResponseNormalization",
    "FixupResidualBlock",
    "FractionalMaxPooling2D",
    "GaussianHead",
    "GroupNormalization",
    "GroupedConv2D",
    "Heaviside",
    "HierarchicalMixtureOfExperts",
    "HierarchicalSoftmax",
    "HybridDilatedConv2D",
    "InceptionBlock",
    "InceptionReductionBlock",
    "InstanceNormalization",
    "InvertedResidualBlock",
    "LayerScale",
    "LocalResponseNormalization",
    "LocallyConnected1D",
    "LocallyConnected2D",
    "LocallyConnected3D",
    "LpPooling2D",
    "MaxPoolingWithArgmax2D",
    "MaxUnpooling2D",
    "Maxout",
    "MixtureDensity",
    "MixtureOfExperts",
    "MixtureOfLinearExperts",
    "MonteCarloDropout",
    "MultiScaleConv2D",
    "NiNBlock",
    "RadialBasis",
    "ResidualBlock",
    "ShuffleUnit",
    "ShuffledGroupConv2D",
    "SparseMixtureOfExperts",
    "SpatialPyramidPooling2D",
    "SpatialSqueezeExcite",
    "SqueezeExcite",
    "StackedConv2D",
    "StochasticPooling2D",
    "Swish",
    "TiledConv1D",
    "TiledConv2D",
    "TransitionBlock",
    "TrueConv1D",
    "TrueConv2D",
    "TrueConv3D",
    "VGGBlock",
    "WeightNormalization",
]


def list_layers(pattern="*"):
    """Returns the names of the library's and the plug-ins' layers that match a wildcard."""
    import fnmatch

    own = fnmatch.filter(__all__, pattern)
    return sorted({*own, *registry.names("layer", pattern)})


def get_layer(name):
    """Returns the class of a layer by its name, the library's or a plug-in's.

    Raises:
        ValueError: If there is none; the message lists the nearest names.
    """
    if name in __all__:
        return globals()[name]
    if name in registry.names("layer"):
        return registry.get("layer", name)
    raise ValueError(registry.unknown("layer", name, list_layers()))
