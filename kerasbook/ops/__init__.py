"""Functions on tensors: the kernels behind the layers, the only room that names a backend."""

from kerasbook.ops.channels import channel_shuffle
from kerasbook.ops.convolution import conv, conv_output_length
from kerasbook.ops.local_convolution import local_conv
from kerasbook.ops.normalization import (
    fused_batch_normalization,
    group_normalization,
    has_fused_batch_normalization,
)
from kerasbook.ops.random import random_uniform
from kerasbook.ops.tiled_convolution import tiled_conv

__all__ = [
    "channel_shuffle",
    "conv",
    "conv_output_length",
    "fused_batch_normalization",
    "group_normalization",
    "has_fused_batch_normalization",
    "local_conv",
    "random_uniform",
    "tiled_conv",
]
