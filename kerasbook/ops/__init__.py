"""Functions on tensors: the kernels behind the layers, the only room that names a backend."""

from kerasbook.ops.activation import heaviside, swish
from kerasbook.ops.channels import channel_shuffle
from kerasbook.ops.convolution import conv, conv_output_length
from kerasbook.ops.convolution_matrix import convolution_matrix
from kerasbook.ops.convolution_per_image import conv2d_per_image
from kerasbook.ops.local_convolution import local_conv
from kerasbook.ops.normalization import (
    fused_batch_normalization,
    group_normalization,
    has_fused_batch_normalization,
)
from kerasbook.ops.pooling import lp_pool, max_pool_with_argmax, max_unpool
from kerasbook.ops.random import random_uniform
from kerasbook.ops.windows import window_taps

__all__ = [
    "channel_shuffle",
    "conv",
    "conv2d_per_image",
    "conv_output_length",
    "convolution_matrix",
    "fused_batch_normalization",
    "group_normalization",
    "has_fused_batch_normalization",
    "heaviside",
    "local_conv",
    "lp_pool",
    "max_pool_with_argmax",
    "max_unpool",
    "random_uniform",
    "swish",
    "window_taps",
]
