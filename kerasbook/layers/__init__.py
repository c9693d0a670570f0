"""Keras layers, one public class per file, in families."""

from kerasbook import registry
from kerasbook.layers.activation.heaviside import Heaviside
from kerasbook.layers.activation.maxout import Maxout
from kerasbook.layers.activation.swish import Swish
from kerasbook.layers.block.squeeze_excite import SqueezeExcite
from kerasbook.layers.convolution.channel_shuffle import ChannelShuffle
from kerasbook.layers.convolution.conv2d import Conv2D
from kerasbook.layers.normalization.batch_normalization import BatchNormalization
from kerasbook.layers.normalization.group_normalization import GroupNormalization
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
    "BatchNormalization",
    "ChannelShuffle",
    "Conv2D",
    "DropBlock2D",
    "DropConnectConv2D",
    "DropConnectDense",
    "DropPath",
    "FractionalMaxPooling2D",
    "GroupNormalization",
    "Heaviside",
    "LpPooling2D",
    "MaxPoolingWithArgmax2D",
    "MaxUnpooling2D",
    "Maxout",
    "MonteCarloDropout",
    "SpatialPyramidPooling2D",
    "SqueezeExcite",
    "StochasticPooling2D",
    "Swish",
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
