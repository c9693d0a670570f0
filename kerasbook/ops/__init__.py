"""Functions on tensors: the kernels behind the layers, the only room that names a backend."""

from kerasbook.ops.activation import heaviside, swish
from kerasbook.ops.channels import channel_shuffle
from kerasbook.ops.convolution import conv2d, conv_output_length
from kerasbook.ops.normalization import (
    fused_batch_normalization,
    group_normalization,
    has_fused_batch_normalization,
)
from kerasbook.ops.pooling import lp_pool, max_pool_with_argmax, max_unpool, window_taps
from kerasbook.ops.random import random_uniform

__all__ = [
    "channel_shuffle",
    "conv2d",
    "conv_output_length",
    "fused_batch_normalization",
    "group_normalization",
    "has_fused_batch_normalization",
    "heaviside",
    "lp_pool",
    "max_pool_with_argmax",
    "max_unpool",
    "random_uniform",
    "swish",
    "window_taps",
]
