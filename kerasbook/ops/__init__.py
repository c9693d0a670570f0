"""Functions on tensors: the kernels behind the layers, the only room that names a backend."""

from kerasbook.ops.channels import channel_shuffle
from kerasbook.ops.convolution import conv2d, conv_output_length
from kerasbook.ops.normalization import (
    filter_response_normalization,
    fused_batch_normalization,
    group_normalization,
    has_fused_batch_normalization,
    local_response_normalization,
)
from kerasbook.ops.random import random_uniform

__all__ = [
    "channel_shuffle",
    "conv2d",
    "conv_output_length",
    "filter_response_normalization",
    "fused_batch_normalization",
    "group_normalization",
    "has_fused_batch_normalization",
    "local_response_normalization",
    "random_uniform",
]
