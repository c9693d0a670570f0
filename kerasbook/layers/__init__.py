"""Keras layers, one public class per file, in families."""

from kerasbook import registry
from kerasbook.layers.block.squeeze_excite import SqueezeExcite
from kerasbook.layers.convolution.channel_shuffle import ChannelShuffle
from kerasbook.layers.convolution.conv2d import Conv2D
from kerasbook.layers.normalization.batch_normalization import BatchNormalization
from kerasbook.layers.normalization.batch_renormalization import BatchRenormalization
from kerasbook.layers.normalization.filter_response_normalization import FilterResponseNormalization
from kerasbook.layers.normalization.group_normalization import GroupNormalization
from kerasbook.layers.normalization.instance_normalization import InstanceNormalization
from kerasbook.layers.normalization.local_response_normalization import LocalResponseNormalization
from kerasbook.layers.normalization.weight_normalization import WeightNormalization
from kerasbook.layers.regularization.drop_path import DropPath

__all__ = [
    "BatchNormalization",
    "BatchRenormalization",
    "ChannelShuffle",
    "Conv2D",
    "DropPath",
    "FilterResponseNormalization",
    "GroupNormalization",
    "InstanceNormalization",
    "LocalResponseNormalization",
    "SqueezeExcite",
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
