"""Functions on tensors: the kernels behind the layers, the only room that names a backend."""

from kerasbook.ops.activation import heaviside, swish
from kerasbook.ops.channels import channel_shuffle
from kerasbook.ops.compiled import compiled
from kerasbook.ops.convolution import conv, conv_output_length
from kerasbook.ops.convolution_matrix import convolution_matrix
from kerasbook.ops.convolution_per_image import conv_per_image
from kerasbook.ops.distances import squared_distances
from kerasbook.ops.expert_dispatch import (
    conv_per_expert,
    expert_capacity,
    expert_slots,
    from_slots,
    sums_of_slots,
    to_slots,
)
from kerasbook.ops.expert_routing import (
    Routing,
    route_expert_choice,
    route_noisy_top_k,
    route_switch,
)
from kerasbook.ops.gradients import value_and_gradients
from kerasbook.ops.images import count_values, kept, map_images, rows_at, widest_float
from kerasbook.ops.k_means import k_means
from kerasbook.ops.likelihood import negative_log_likelihood
from kerasbook.ops.linear_experts import LinearExperts, fit_linear_experts
from kerasbook.ops.local_convolution import local_conv
from kerasbook.ops.missing import refuse_nan
from kerasbook.ops.mixtures import Mixture
from kerasbook.ops.normalization import (
    filter_response_normalization,
    fused_batch_normalization,
    group_normalization,
    has_fused_batch_normalization,
    local_response_normalization,
)
from kerasbook.ops.pooling import lp_pool, max_pool_with_argmax, max_unpool
from kerasbook.ops.random import random_normal, random_uniform
from kerasbook.ops.replicas import calls_may_set_trainable_variables, mean_over_replicas
from kerasbook.ops.tiled_convolution import tiled_conv
from kerasbook.ops.trees import (
    balanced_tree,
    huffman_tree,
    label_tree,
    leaf_log_probabilities,
    path_log_probabilities,
    plain_tree,
    require_node_scores,
)
from kerasbook.ops.values import values_at_hand, variable_at_hand
from kerasbook.ops.windows import window_taps

__all__ = [
    "LinearExperts",
    "Mixture",
    "Routing",
    "balanced_tree",
    "calls_may_set_trainable_variables",
    "channel_shuffle",
    "compiled",
    "conv",
    "conv_output_length",
    "conv_per_expert",
    "conv_per_image",
    "convolution_matrix",
    "count_values",
    "expert_capacity",
    "expert_slots",
    "filter_response_normalization",
    "fit_linear_experts",
    "from_slots",
    "fused_batch_normalization",
    "group_normalization",
    "has_fused_batch_normalization",
    "heaviside",
    "huffman_tree",
    "k_means",
    "kept",
    "label_tree",
    "leaf_log_probabilities",
    "local_conv",
    "local_response_normalization",
    "lp_pool",
    "map_images",
    "max_pool_with_argmax",
    "max_unpool",
    "mean_over_replicas",
    "negative_log_likelihood",
    "path_log_probabilities",
    "plain_tree",
    "random_normal",
    "random_uniform",
    "refuse_nan",
    "require_node_scores",
    "route_expert_choice",
    "route_noisy_top_k",
    "route_switch",
    "rows_at",
    "squared_distances",
    "sums_of_slots",
    "swish",
    "tiled_conv",
    "to_slots",
    "value_and_gradients",
    "values_at_hand",
    "variable_at_hand",
    "widest_float",
    "window_taps",
]
