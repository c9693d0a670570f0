"""Keras layers, one public class per file, in families."""

from kerasbook import registry
from kerasbook.layers.block.squeeze_excite import SqueezeExcite
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
from kerasbook.layers.normalization.batch_normalization import BatchNormalization
from kerasbook.layers.normalization.group_normalization import GroupNormalization
from kerasbook.layers.regularization.drop_path import DropPath

__all__ = [
    "AsymmetricConv2D",
    "AtrousSpatialPyramid",
    "BatchNormalization",
    "BottleneckConv2D",
    "ChannelShuffle",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "DepthwiseConv2D",
    "DepthwiseSeparableConv2D",
    "DilatedConv2D",
    "DropPath",
    "GroupNormalization",
    "GroupedConv2D",
    "HybridDilatedConv2D",
    "LocallyConnected1D",
    "LocallyConnected2D",
    "LocallyConnected3D",
    "MultiScaleConv2D",
    "ShuffledGroupConv2D",
    "SqueezeExcite",
    "StackedConv2D",
    "TiledConv1D",
    "TiledConv2D",
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
