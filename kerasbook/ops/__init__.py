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
from kerasbook.ops.replicas import calls_may_set_trainable_variables, mean_over_replicas

__all__ = [
    "calls_may_set_trainable_variables",
    "channel_shuffle",
    "conv2d",
    "conv_output_length",
    "filter_response_normalization",
    "fused_batch_normalization",
    "group_normalization",
    "has_fused_batch_normalization",
    "local_response_normalization",
    "mean_over_replicas",
    "random_uniform",
]
